"""Accounts with a company and its series, through the API."""

from typing import Any
from uuid import UUID

from models.account import Account
from services.accounts.onboarding import Stage
from services.common.clock import utc_now
from tests.api import Api
from tests.forms import COMPANY, EMAIL
from tests.invoices import paid, try_to_reserve


async def signed_in(api: Api, **changes: Any) -> Api:
    """Whoever has a new, confirmed account."""
    await api.account(**changes)
    return api.signed_in(await api.session(changes.get("email", EMAIL)))


async def configured(api: Api, **changes: Any) -> Api:
    """The same, with a company."""
    me = await signed_in(api, **changes)
    assert (await me.act("ConfigureCompany", **COMPANY))["__typename"] == "ConfigureCompanySuccess"
    return me


async def created(me: Api, **form: Any) -> Any:
    """A new series."""
    answer = await me.act("CreateSeries", **form)
    assert answer["__typename"] == "CreateSeriesSuccess", answer
    return answer["series"]


async def listed(me: Api) -> Any:
    """The series of me.company."""
    return (await me.run("Company"))["company"]["series"]


async def take(me: Api, series_id: str, count: int = 1) -> None:
    """Takes folios of one of the account's series, after it has paid."""
    account = await Account.get(id=(await me.run("Me"))["id"])
    if account.stage != Stage.ACTIVE.value:
        await paid(account, utc_now())
    for _ in range(count):
        await try_to_reserve(account.id, UUID(series_id))


def problems(refused: Any) -> list[tuple[str, str]]:
    """The fields of a refused input, with what is wrong."""
    assert refused["__typename"] == "InvalidInputError", refused
    return [(each["field"], each["code"]) for each in refused["fields"]]
