"""A change of the RFC by its owner, until something hangs on it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from models.account import Account
from models.event import Event
from models.session import Session
from services.common.clock import utc_now
from tests.api import Api
from tests.companies import configured, created, problems, signed_in
from tests.forms import COMPANY, EMAIL, OTHER_RFC, PASSWORD, RFC
from tests.invoices import paid, reserve
from tests.paypal.payers import keep_payment
from tests.races import uncommitted

PERSON = "CACX7605101P8"


async def _type(me: Api, rfc: str = OTHER_RFC) -> str:
    return str((await me.act("ChangeRfc", rfc=rfc))["__typename"])


async def test_the_owner_corrects_the_rfc_and_gets_a_mail(api: Api) -> None:
    me = await configured(api)
    await Event.all().delete()
    changed = await me.act("ChangeRfc", rfc=" h&e-951128-469 ")

    assert (changed["__typename"], changed["account"]["rfc"]) == ("ChangeRfcSuccess", OTHER_RFC)
    assert changed["account"]["company"]["legalName"] == COMPANY["legalName"]
    assert [mail["Subject"] for mail in await api.mails()] == ["Cambió el RFC de tu cuenta de Timbrado"]
    assert [event.details for event in await Event.all()] == [{"changed": ["rfc"]}]


async def test_nobody_changes_the_rfc_of_an_account_that_takes_over_the_e_mail_at_that_moment(api: Api) -> None:
    me = await signed_in(api)
    await api.account(email="zoe@example.com")
    zoe = await Account.get(email="zoe@example.com")

    async def swap() -> None:
        await Account.filter(email=EMAIL).update(email="eva@example.com", email_key="eva@example.com")
        await Account.filter(id=zoe.id).update(email=EMAIL, email_key=EMAIL)

    (answer,) = await uncommitted(swap, lambda: me.act("ChangeRfc", rfc=OTHER_RFC))

    assert answer["__typename"] == "NotAuthenticatedError"
    assert {account.rfc for account in await Account.all()} == {RFC}
    assert await api.mails() == []


async def test_another_kind_of_taxpayer_does_step_3_again(api: Api) -> None:
    me = await configured(api)
    await created(me, name="A")

    changed = (await me.act("ChangeRfc", rfc=PERSON))["account"]

    assert changed["taxpayerType"] == "PERSONA_FISICA"
    assert (changed["onboarding"]["currentStep"], changed["company"]) == ("CONFIGURE_COMPANY", None)
    answer = await me.act("ConfigureCompany", legalName="XOCHILT CASAS CHAVEZ", taxRegime="612", postalCode="36257")
    assert answer["account"]["onboarding"]["currentStep"] == "SELECT_PAYMENT_METHOD"


async def test_an_account_without_company_data_only_changes_its_kind(api: Api) -> None:
    me = await signed_in(api)

    assert (await me.act("ChangeRfc", rfc=PERSON))["account"]["onboarding"]["currentStep"] == "CONFIGURE_COMPANY"
    assert not (await Account.get()).company_outdated


async def test_a_payment_ties_the_account_to_its_rfc(api: Api) -> None:
    me = await configured(api)
    account = await Account.get()
    await keep_payment(account.id, utc_now())
    open_only = await _type(me)
    await paid(await Account.get(), utc_now())

    assert open_only == "ChangeRfcSuccess"
    assert await _type(me, RFC) == "RfcInUseError"
    assert (await Account.get()).rfc == OTHER_RFC
    assert len(await api.mails()) == 1


async def test_an_invoice_ties_it_even_if_the_payment_was_deleted(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A")
    account = await Account.get()
    payment = await paid(account, utc_now())
    await reserve(account.id, series["id"])
    await payment.delete()

    assert await _type(me) == "RfcInUseError"


async def test_wrong_rfcs_are_refused(api: Api) -> None:
    me = await signed_in(api)
    typed = ("", "EKU900317", "XAXX010101000", RFC.lower())

    answers: list[Any] = [await me.act("ChangeRfc", rfc=each) for each in typed]

    codes = ("MISSING", "MALFORMED", "GENERIC_RFC", "NOT_NEW")
    assert [problems(answer) for answer in answers] == [[("rfc", code)] for code in codes]
    assert await api.mails() == []


async def test_of_two_changes_at_once_both_are_made_one_after_the_other(api: Api) -> None:
    me = await signed_in(api)
    answers = await asyncio.gather(_type(me, OTHER_RFC), _type(me, PERSON))

    assert set(answers) == {"ChangeRfcSuccess"}


async def test_a_session_with_a_recent_proof_is_needed(api: Api) -> None:
    me = await signed_in(api)
    await Session.all().update(proved_at=datetime(2020, 1, 1, tzinfo=UTC))
    old = await _type(me)
    await me.act("Reauthenticate", password=PASSWORD)

    assert (old, await _type(api), await _type(me)) == (
        "ReauthenticationRequiredError",
        "NotAuthenticatedError",
        "ChangeRfcSuccess",
    )
    await api.mails()
    mailed = api.signed_in(await api.token(password=await api.recover()))
    assert await _type(mailed) == "PasswordChangeRequiredError"
