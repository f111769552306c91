"""A change of e-mail by its owner: the code to the new one, and the way back by the old one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.delivery import Delivery
from models.email_change import EmailChange
from models.email_change_code import EmailChangeCode
from models.event import Event
from models.registration import Registration
from models.session import Session
from services.mail.outbox import MailKind, enqueue
from tests.api import Api, found
from tests.companies import problems, signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, NEW_PASSWORD, PASSWORD, PASSWORD_CHANGE

NEW = "eva@example.com"
AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def me(api: Api) -> Api:
    return await signed_in(api)


async def _codes(api: Api) -> dict[str, str]:
    """The codes that were mailed, by their recipients."""
    return {str(mail["To"]): found(r"\b[2-9A-Z]{40}\b", mail) for mail in await api.mails()}


async def _requested(me: Api, email: str = NEW) -> str:
    """Asks for a change, and returns the code."""
    answer = await me.act("ChangeEmail", email=email)
    assert answer["__typename"] == "ChangeEmailSuccess", answer
    return (await _codes(me))[email]


async def _changed(me: Api, email: str = NEW) -> str:
    """Changes the e-mail, and returns the code that reverts it."""
    old = (await me.run("Me"))["email"]
    answer = await me.act("ConfirmEmail", code=await _requested(me, email))
    assert answer["__typename"] == "ConfirmEmailSuccess", answer
    return (await _codes(me))[old]


async def _types(me: Api, operation: str, **input: Any) -> str:
    return str((await me.act(operation, **input))["__typename"])


async def _pending(me: Api) -> str | None:
    response = await me.http.post("/graphql", json={"query": "{ me { pendingEmail } }"}, headers=me.headers)
    pending: str | None = response.json()["data"]["me"]["pendingEmail"]
    return pending


async def test_a_code_to_the_new_address_changes_the_e_mail(api: Api, me: Api) -> None:
    asked = await me.act("ChangeEmail", email="  Eva@Example.com ")
    mail = await api.mails()
    code = found(r"\b[2-9A-Z]{40}\b", mail[0])
    confirmed = await me.act("ConfirmEmail", code=f"Tu código: {code}.")

    assert (asked["email"], asked["account"]["email"]) == ("Eva@example.com", EMAIL)
    assert asked["account"]["pendingEmail"] == "Eva@example.com"
    assert [str(each["To"]) for each in mail] == ["Eva@example.com"]
    assert (confirmed["account"]["email"], confirmed["account"]["pendingEmail"]) == ("Eva@example.com", None)
    assert await _types(api, "Login", email=NEW, password=PASSWORD) == "LoginSuccess"
    assert await _types(api, "Login", email=EMAIL, password=PASSWORD) == "InvalidCredentialsError"


async def test_this_session_stays_and_all_others_end(api: Api, me: Api) -> None:
    elsewhere = api.signed_in(await api.token())

    await _changed(me)

    assert await elsewhere.run("Me") is None
    assert len((await me.run("Me"))["sessions"]) == 1


async def test_the_trail_and_the_feed_have_the_change_once(me: Api) -> None:
    await Event.all().delete()
    code = await _requested(me)
    await asyncio.gather(*(me.act("ConfirmEmail", code=code) for _ in range(3)))

    trail = await AuditEvent.filter(kind__startswith="email_").order_by("at")
    assert [event.kind for event in trail] == ["email_change_requested", "email_changed"]
    events = await Event.all().order_by("id")
    assert [(event.type, event.details) for event in events] == [("account.updated", {"changed": ["email"]})]


async def test_the_code_counts_only_in_a_session_of_the_account(api: Api, me: Api) -> None:
    code = await _requested(me)
    stranger = await signed_in(api, email="zoe@example.com")

    assert await _types(stranger, "ConfirmEmail", code=code) == "InvalidConfirmationCodeError"
    assert await _types(api, "ConfirmEmail", code=code) == "NotAuthenticatedError"
    assert await _types(api, "RevertEmail", code=code) == "InvalidConfirmationCodeError"
    assert (await me.run("Me"))["email"] == EMAIL


async def test_only_the_last_request_counts(me: Api) -> None:
    first = await _requested(me)
    second = await _requested(me, "zoe@example.com")

    assert await _types(me, "ConfirmEmail", code=first) == "InvalidConfirmationCodeError"
    assert await _types(me, "ConfirmEmail", code=second) == "ConfirmEmailSuccess"


async def test_a_request_before_the_mail_left_replaces_it(api: Api, me: Api) -> None:
    await me.act("ChangeEmail", email=NEW)
    await me.act("ChangeEmail", email="zoe@example.com")

    assert list(await _codes(api)) == ["zoe@example.com"]


async def test_a_code_expires(me: Api) -> None:
    code = await _requested(me)
    await EmailChangeCode.all().update(expires_at=AGES_AGO)
    expired = await _types(me, "ConfirmEmail", code=code)
    await EmailChange.all().update(expires_at=AGES_AGO)

    assert expired == "InvalidConfirmationCodeError"
    asked_again = await me.act("ChangeEmail", email="zoe@example.com")
    assert asked_again["account"]["pendingEmail"] == "zoe@example.com"


async def test_a_changed_password_voids_what_was_asked_for(me: Api) -> None:
    code = await _requested(me)
    before = await _pending(me)
    await me.act("ChangePassword", **PASSWORD_CHANGE)

    assert (before, await _pending(me)) == (NEW, None)
    assert await _types(me, "ConfirmEmail", code=code) == "InvalidConfirmationCodeError"


async def test_a_recovered_password_voids_what_was_asked_for(api: Api, me: Api) -> None:
    code = await _requested(me)
    mailed = await api.recover()
    back = api.signed_in(await api.token(password=mailed))

    restricted = await _types(back, "ConfirmEmail", code=code)
    await back.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})

    assert restricted == "PasswordChangeRequiredError"
    assert await _types(back, "ConfirmEmail", code=code) == "InvalidConfirmationCodeError"


async def test_a_recent_proof_is_needed_to_ask(me: Api) -> None:
    await Session.all().update(proved_at=AGES_AGO)

    refused = await me.act("ChangeEmail", email=NEW)
    await me.act("Reauthenticate", password=PASSWORD)

    assert (refused["__typename"], refused["ways"]) == ("ReauthenticationRequiredError", ["PASSWORD"])
    assert await _types(me, "ChangeEmail", email=NEW) == "ChangeEmailSuccess"


async def test_nobody_asks_without_a_session_or_with_a_mailed_password(api: Api, me: Api) -> None:
    mailed = api.signed_in(await api.token(password=await api.recover()))

    assert await _types(api, "ChangeEmail", email=NEW) == "NotAuthenticatedError"
    assert await _types(mailed, "ChangeEmail", email=NEW) == "PasswordChangeRequiredError"


async def test_wrong_addresses_are_refused(me: Api) -> None:
    answers = {typed: await me.act("ChangeEmail", email=typed) for typed in ("", "eva@", EMAIL, "a" * 300 + NEW)}

    codes = ["MISSING", "MALFORMED", "NOT_NEW", "TOO_LONG"]
    assert [problems(answer) for answer in answers.values()] == [[("email", code)] for code in codes]


async def test_another_spelling_ends_no_session_and_cannot_be_reverted(api: Api, me: Api) -> None:
    elsewhere = api.signed_in(await api.token())
    code = await _requested(me, "Ana@example.com")
    confirmed = await me.act("ConfirmEmail", code=code)

    assert confirmed["account"]["email"] == "Ana@example.com"
    assert await elsewhere.run("Me")
    assert await api.mails() == []
    assert not await EmailChange.filter(expires_at__gt=datetime.now(UTC)).exists()


async def test_an_address_with_an_account_is_refused(api: Api, me: Api) -> None:
    await api.account(email=NEW)

    assert await _types(me, "ChangeEmail", email=NEW) == "EmailTakenError"
    assert await api.mails() == []


async def test_with_concealed_accounts_only_the_mailbox_learns_that_it_has_one(make_api: MakeApi) -> None:
    api = await make_api(conceal_accounts=True)
    me = await signed_in(api)
    await api.account(email=NEW)

    known = await me.act("ChangeEmail", email=NEW)
    mails = await api.mails()
    unknown = await me.act("ChangeEmail", email="zoe@example.com")

    assert known["__typename"] == unknown["__typename"] == "ChangeEmailSuccess"
    assert [(str(mail["To"]), mail["Subject"]) for mail in mails] == [(NEW, "Ya tienes una cuenta en Timbrado")]


async def test_an_address_that_got_an_account_in_the_meantime_is_refused(api: Api, me: Api) -> None:
    code = await _requested(me)
    await api.account(email=NEW)

    assert await _types(me, "ConfirmEmail", code=code) == "EmailTakenError"
    assert (await me.run("Me"))["email"] == EMAIL


async def test_of_two_accounts_one_gets_the_address(api: Api, me: Api) -> None:
    other = await signed_in(api, email="zoe@example.com")
    codes = [(me, await _requested(me)), (other, await _requested(other))]

    answers = await asyncio.gather(*(_types(each, "ConfirmEmail", code=code) for each, code in codes))

    assert sorted(answers) == ["ConfirmEmailSuccess", "EmailTakenError"]


async def test_a_waiting_registration_of_the_address_ends(api: Api, me: Api) -> None:
    await api.register(email=NEW, password=NEW_PASSWORD)
    registered = await api.mailed_code()
    await _changed(me)

    assert await Registration.all().count() == 0
    assert await _types(api, "ConfirmAccount", code=registered) == "InvalidConfirmationCodeError"


async def test_mails_that_are_owed_follow_and_secrets_do_not(api: Api, me: Api) -> None:
    code = await _requested(me)
    await enqueue(MailKind.PAYMENT_RECEIVED, EMAIL)
    await enqueue(MailKind.RECOVERY, EMAIL)
    await me.act("ConfirmEmail", code=code)

    waiting = await Delivery.filter(pending_key__isnull=False).order_by("kind")
    assert [(each.kind, each.email_key) for each in waiting] == [("email_replaced", EMAIL), ("payment_received", NEW)]


async def test_the_old_address_takes_the_change_back_without_a_session(api: Api, me: Api) -> None:
    code = await _changed(me)
    reverted = await api.act("RevertEmail", code=code)
    mails = [(str(mail["To"]), mail["Subject"]) for mail in await api.mails()]

    assert (reverted["__typename"], reverted["email"]) == ("RevertEmailSuccess", EMAIL)
    assert await me.run("Me") is None
    assert await _types(api, "Login", email=EMAIL, password=PASSWORD) == "InvalidCredentialsError"
    assert sorted(mails) == [
        (EMAIL, "Tu cuenta de Timbrado volvió a este correo"),
        (NEW, "Cambió el correo de tu cuenta de Timbrado"),
    ]
    back = api.signed_in(await api.token(password=await api.recover()))
    assert (await back.run("Me"))["email"] == EMAIL


async def test_a_code_reverts_once(api: Api, me: Api) -> None:
    code = await _changed(me)
    answers = await asyncio.gather(*(_types(api, "RevertEmail", code=code) for _ in range(3)))

    assert sorted(answers) == ["InvalidConfirmationCodeError"] * 2 + ["RevertEmailSuccess"]


async def test_a_revert_takes_back_later_changes_too(api: Api, me: Api) -> None:
    first = await _changed(me)
    second = await _changed(me, "zoe@example.com")

    reverted = await api.act("RevertEmail", code=first)

    assert reverted["email"] == EMAIL
    assert await _types(api, "RevertEmail", code=second) == "InvalidConfirmationCodeError"


async def test_a_later_change_is_taken_back_alone(api: Api, me: Api) -> None:
    first = await _changed(me)
    second = await _changed(me, "zoe@example.com")

    assert (await api.act("RevertEmail", code=second))["email"] == NEW
    assert (await api.act("RevertEmail", code=first))["email"] == EMAIL


async def test_a_revert_ends_what_was_asked_for_since(api: Api, me: Api) -> None:
    revert = await _changed(me)
    pending = await _requested(me, "zoe@example.com")
    await api.act("RevertEmail", code=revert)
    await api.mails()
    mailed = await api.recover()
    back = api.signed_in(await api.token(password=mailed))
    await back.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})

    assert await EmailChange.all().count() == 0
    assert await _types(back, "ConfirmEmail", code=pending) == "InvalidConfirmationCodeError"


async def test_a_revert_takes_back_a_deletion_that_was_asked_for(api: Api, me: Api) -> None:
    revert = await _changed(me)
    await me.run("RequestAccountDeletion")
    await api.act("RevertEmail", code=revert)

    account = await Account.get()
    assert (account.deletion_requested_at, account.deletion_due_at, account.deletion_turn_at) == (None, None, None)
    assert [mail["Subject"] for mail in await api.mails() if "elimin" in mail["Subject"]] == []
    trail = await AuditEvent.filter(kind__in=["email_reverted", "deletion_canceled"])
    assert {(event.kind, event.account_id) for event in trail} == {
        ("email_reverted", account.id),
        ("deletion_canceled", account.id),
    }


@pytest.mark.parametrize("first", ["deletion", "change"])
async def test_no_deletion_comes_before_a_change_can_no_longer_be_taken_back(make_api: MakeApi, first: str) -> None:
    api = await make_api(account_deletion_days=1)
    me = await signed_in(api)
    code = await _requested(me)
    if first == "deletion":
        await me.run("RequestAccountDeletion")
    await me.act("ConfirmEmail", code=code)
    await me.run("RequestAccountDeletion")

    (account, change) = (await Account.get(), await EmailChange.get())

    assert account.deletion_due_at == change.expires_at
    assert account.deletion_turn_at == change.expires_at - timedelta(days=1)
    assert (await me.run("Me"))["deletion"]["dueAt"].startswith(change.expires_at.strftime("%Y-%m-%dT%H:%M"))


async def test_a_week_later_nothing_can_be_taken_back(api: Api, me: Api) -> None:
    code = await _changed(me)
    ends = (await EmailChangeCode.get()).expires_at
    await EmailChangeCode.all().update(expires_at=AGES_AGO)

    assert (ends - datetime.now(UTC)).days == 6
    assert await _types(api, "RevertEmail", code=code) == "InvalidConfirmationCodeError"


async def test_an_old_address_with_another_account_stays_that_accounts(api: Api, me: Api) -> None:
    code = await _changed(me)
    await api.account()

    assert await _types(api, "RevertEmail", code=code) == "EmailTakenError"
    assert (await me.run("Me"))["email"] == NEW


async def test_requests_are_limited_for_each_account(make_api: MakeApi) -> None:
    api = await make_api(limit_change_email="1/day")
    me = await signed_in(api)

    answers = [await _types(me, "ChangeEmail", email=email) for email in (NEW, NEW)]

    assert answers == ["ChangeEmailSuccess", "TooManyAttemptsError"]


async def test_guesses_are_limited_for_each_client(make_api: MakeApi) -> None:
    api = await make_api(limit_confirm_account="1/hour")
    me = await signed_in(api)

    answers = [await _types(api, "RevertEmail", code="A" * 40), await _types(me, "ConfirmEmail", code="A" * 40)]

    assert answers == ["InvalidConfirmationCodeError", "TooManyAttemptsError"]


async def test_an_empty_code_is_missing(me: Api) -> None:
    answers = [await me.act(operation, code=" \u200b") for operation in ("ConfirmEmail", "RevertEmail")]

    assert [problems(answer) for answer in answers] == [[("code", "MISSING")]] * 2


async def test_codes_are_kept_as_digests_only(me: Api) -> None:
    code = await _requested(me)

    assert code not in str([each.digest for each in await EmailChangeCode.all()])
    assert await Account.filter(email=NEW).count() == 0
