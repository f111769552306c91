"""The plans and the ways to pay, which anybody may read."""

from pathlib import Path

from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi
from tests.paypal.payers import takes_paypal
from tests.paypal.server import PayPalServer
from tests.stores import ON_SQLITE

pytestmark = ON_SQLITE

_FILE = """
iva = "0.08"

[[plans]]
id = "frontera"
name = { es = "Frontera", en = "Border" }
price = "99.99"
stamps = 10
months = 1
"""


async def test_a_plan_shows_its_price_and_the_iva_separately(api: Api) -> None:
    plans = await api.run("Plans")

    assert plans[1] == {
        "id": "negocio",
        "name": "Negocio",
        "subtotal": {"amount": "1000.00", "currency": "MXN"},
        "tax": {"amount": "160.00", "currency": "MXN"},
        "total": {"amount": "1160.00", "currency": "MXN"},
        "stamps": 500,
        "periodMonths": 12,
    }
    assert [plan["id"] for plan in plans] == ["emprendedor", "negocio", "empresa"]


async def test_plans_have_names_in_both_languages(api: Api) -> None:
    plans = await api.run("Plans", headers={"accept-language": "en"})

    assert [plan["name"] for plan in plans] == ["Starter", "Business", "Enterprise"]


async def test_plans_are_read_from_the_operators_file(make_api: MakeApi, tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(_FILE, "utf-8")

    (plan,) = await (await make_api(plans_file=file)).run("Plans")

    assert (plan["id"], plan["tax"]["amount"], plan["total"]["amount"]) == ("frontera", "8.00", "107.99")


async def test_development_offers_deposits_to_an_invented_bank_account(api: Api) -> None:
    assert await api.run("PaymentMethods") == ["BANK_DEPOSIT"]


async def test_paypal_is_offered_if_it_is_configured(make_api: MakeApi, paypal: PayPalServer) -> None:
    api = await make_api(**takes_paypal(paypal))

    assert await api.run("PaymentMethods") == ["PAYPAL", "BANK_DEPOSIT"]


async def test_production_offers_only_what_is_configured(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    assert await api.run("PaymentMethods") == []
