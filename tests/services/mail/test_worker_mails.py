"""Each kind of mail: to whom it goes, and what is minted for it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.delivery import Delivery
from models.mailed_password import MailedPassword
from models.registration import Registration
from services.accounts.password_policy import canonical_mailed_password
from services.common.clock import utc_now
from services.common.secrets import ALPHABET, digest
from services.common.translations import Language
from services.mail import outbox
from services.mail.claims import Claims
from services.mail.outbox import MailKind
from tests.smtp_servers import (
    TEXTS,
    Received,
    SoundServer,
    make_account,
    make_deliverer,
    make_due,
    make_registration,
    sound_server,
)

pytestmark = pytest.mark.usefixtures("database")

ADDRESS = "Ana@example.com"
KEY = "ana@example.com"
NOTICES = [kind for kind in MailKind if kind not in {MailKind.CONFIRMATION, MailKind.RECOVERY}]
CODE = re.compile(rf"\b[{ALPHABET}]{{40}}\b")
PASSWORD = re.compile(rf"\b[{ALPHABET}]{{6}}(-[{ALPHABET}]{{6}}){{3}}\b")


@pytest.fixture
async def server() -> AsyncIterator[SoundServer]:
    async with sound_server() as server:
        yield server


async def deliver(server: SoundServer, *kinds: MailKind) -> list[Received]:
    for kind in kinds:
        await outbox.enqueue(kind, KEY)
    await make_deliverer(server.port).deliver_due()
    return server.mails


def secret(pattern: re.Pattern[str], mail: Received) -> str:
    (match,) = pattern.finditer(mail.text)
    return match.group()


def subject(template: str, language: Language) -> str:
    return TEXTS.format(language, f"mail.{template}.subject", {"site": "Timbrado"})


async def outcome() -> str | None:
    return (await Delivery.get()).outcome


@pytest.mark.parametrize("language", Language)
async def test_a_registration_gets_its_confirmation_code(server: SoundServer, language: Language) -> None:
    registration_id = await make_registration(ADDRESS, language)

    (mail,) = await deliver(server, MailKind.CONFIRMATION)

    assert mail.recipients == (ADDRESS,)
    assert mail.message["Subject"] == subject("confirmation", language)
    assert "H&E951128469" in mail.text
    code = await ConfirmationCode.get()
    assert (code.digest, code.registration_id) == (digest(secret(CODE, mail)), registration_id)
    assert await outcome() == "delivered"


async def test_a_code_is_good_for_24_hours_from_when_its_mail_left(server: SoundServer) -> None:
    await make_registration(ADDRESS)
    await outbox.enqueue(MailKind.CONFIRMATION, KEY)
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=5))
    before = utc_now()

    await deliver(server)

    life = (await ConfirmationCode.get()).expires_at - before
    assert timedelta(hours=24) <= life < timedelta(hours=24, seconds=10)


async def test_an_account_gets_a_new_password_that_is_good_for_24_hours(server: SoundServer) -> None:
    account_id = await make_account(ADDRESS, Language.EN)
    before = utc_now()

    (mail,) = await deliver(server, MailKind.RECOVERY)

    assert (mail.recipients, mail.message["Subject"]) == ((ADDRESS,), subject("recovery", Language.EN))
    password = await MailedPassword.get()
    assert password.digest == digest(canonical_mailed_password(secret(PASSWORD, mail)))
    assert (password.account_id, password.used_at) == (account_id, None)
    assert timedelta(hours=24) <= password.expires_at - before < timedelta(hours=24, seconds=10)


async def test_a_registration_that_asks_for_a_password_gets_its_code_again(server: SoundServer) -> None:
    await make_registration(ADDRESS)

    (mail,) = await deliver(server, MailKind.RECOVERY)

    assert mail.message["Subject"] == subject("unconfirmed", Language.ES)
    assert (await ConfirmationCode.get()).digest == digest(secret(CODE, mail))
    assert await MailedPassword.all().count() == 0


@pytest.mark.parametrize("kind", NOTICES)
@pytest.mark.parametrize("language", Language)
async def test_an_account_gets_a_notice_without_a_secret(
    server: SoundServer, kind: MailKind, language: Language
) -> None:
    await make_account(ADDRESS, language)

    (mail,) = await deliver(server, kind)

    assert (mail.recipients, mail.message["Subject"]) == ((ADDRESS,), subject(kind.value, language))
    assert not CODE.search(mail.text)
    assert not PASSWORD.search(mail.text)
    assert await ConfirmationCode.all().count() == await MailedPassword.all().count() == 0
    assert await outcome() == "delivered"


async def test_a_mail_that_names_a_registration_is_that_registrations(server: SoundServer) -> None:
    first = await make_registration(ADDRESS, Language.ES, age=timedelta(hours=2))
    await make_registration(ADDRESS, Language.EN)
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, KEY, first)

    (mail,) = await deliver(server)

    assert mail.message["Subject"] == subject("confirmation", Language.ES)
    assert (await ConfirmationCode.get()).registration_id == first
    assert (await Registration.get(id=first)).mailed_at


async def test_a_mail_of_a_registration_that_is_gone_is_nobodys(server: SoundServer) -> None:
    gone = await make_registration(ADDRESS)
    await make_registration(ADDRESS)
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, KEY, gone)
    await Registration.filter(id=gone).delete()

    assert await deliver(server) == []

    assert await Delivery.all().count() == 0


@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.RECOVERY])
async def test_a_request_that_names_an_e_mail_means_the_newest_registration_and_two_that_wait_longest(
    server: SoundServer, kind: MailKind
) -> None:
    now = utc_now()
    ids = [await make_registration(ADDRESS, age=timedelta(hours=hours)) for hours in (5, 4, 3, 2, 1)]
    for registration_id, minutes in zip(ids, (10, 50, 20, 40, 30), strict=True):
        await Registration.filter(id=registration_id).update(mailed_at=now - timedelta(minutes=minutes))

    await deliver(server, kind)

    meant = {ids[1], ids[3], ids[4]}
    assert {code.registration_id for code in await ConfirmationCode.all()} == meant
    assert [delivery.outcome for delivery in await Delivery.all()] == ["delivered"] * 3


async def test_a_request_means_no_registration_that_got_a_mail_since(server: SoundServer) -> None:
    registration_id = await make_registration(ADDRESS)
    await outbox.enqueue(MailKind.CONFIRMATION, KEY)
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, KEY, registration_id)
    await Delivery.filter(registration_id__isnull=False).update(due_at=utc_now() - timedelta(minutes=1))

    (mail,) = await deliver(server)

    assert (await ConfirmationCode.get()).digest == digest(secret(CODE, mail))


async def test_the_mail_limit_of_registrations_is_none_of_the_accounts(server: SoundServer) -> None:
    for _ in range(2):
        await make_registration(ADDRESS)
    mail_worker = make_deliverer(server.port, mail_limit="2/day")
    await outbox.enqueue(MailKind.CONFIRMATION, KEY)
    await mail_worker.deliver_due()
    await outbox.enqueue(MailKind.CONFIRMATION, KEY)
    await mail_worker.deliver_due()
    postponed = await Delivery.get(pending_key__isnull=False)
    await Registration.all().delete()
    await make_account(ADDRESS)
    await outbox.enqueue(MailKind.RECOVERY, KEY)

    await mail_worker.deliver_due()

    assert (postponed.registration_id, postponed.reason) == (None, "mail limit")
    assert [PASSWORD.search(mail.text) is not None for mail in server.mails] == [False, False, True]


@pytest.mark.parametrize("kind", MailKind)
async def test_nobody_gets_nothing(server: SoundServer, kind: MailKind) -> None:
    assert await deliver(server, kind) == []

    assert server.recipients == []
    assert await Delivery.all().count() == 0  # nobody's interest in an unknown e-mail is kept


@pytest.mark.parametrize("kind", NOTICES)
async def test_a_registration_gets_no_notices(server: SoundServer, kind: MailKind) -> None:
    await make_registration(ADDRESS)

    assert await deliver(server, kind) == []

    assert await Delivery.all().count() == 0  # nobody's interest in an unknown e-mail is kept


async def test_an_account_gets_no_confirmation_code(server: SoundServer) -> None:
    await make_account(ADDRESS)

    assert await deliver(server, MailKind.CONFIRMATION) == []

    assert await Delivery.all().count() == 0  # nobody's interest in an unknown e-mail is kept


async def test_a_registration_that_goes_while_its_mail_is_under_way_gets_none(server: SoundServer) -> None:
    registration_id = await make_registration(ADDRESS)

    async def confirm_elsewhere(_: str) -> str:
        await ConfirmationCode.filter(registration_id=registration_id).delete()
        await Registration.filter(id=registration_id).delete()
        return "250 OK"

    server.on_recipient = confirm_elsewhere

    assert await deliver(server, MailKind.CONFIRMATION) == []

    assert await ConfirmationCode.all().count() == 0
    assert (await Delivery.get()).reason is None  # outrun, not failed
    await make_due()
    await make_deliverer(server.port).deliver_due()
    assert await Delivery.all().count() == 0  # nobody's interest in an unknown e-mail is kept


async def test_a_mail_that_is_forgotten_before_it_is_minted_is_not_sent(server: SoundServer) -> None:
    await make_account(ADDRESS)

    async def change_password_elsewhere(_: str) -> str:
        await outbox.cancel((MailKind.RECOVERY,), KEY)
        return "250 OK"

    server.on_recipient = change_password_elsewhere

    assert await deliver(server, MailKind.RECOVERY) == []

    assert await MailedPassword.all().count() == 0
    assert await Delivery.all().count() == 0


async def test_a_mail_that_is_owed_anew_before_it_is_minted_is_sent_once(server: SoundServer) -> None:
    await make_registration(ADDRESS)

    async def ask_again_elsewhere(_: str) -> str:
        if len(server.recipients) == 1:
            await outbox.enqueue(MailKind.CONFIRMATION, KEY)
        return "250 OK"

    server.on_recipient = ask_again_elsewhere

    (mail,) = await deliver(server, MailKind.CONFIRMATION)

    assert (await ConfirmationCode.get()).digest == digest(secret(CODE, mail))
    assert (len(server.recipients), await outcome()) == (1, "delivered")


async def test_a_mail_that_another_worker_took_over_is_not_sent_by_the_first(server: SoundServer) -> None:
    await make_registration(ADDRESS)

    async def take_over(_: str) -> str:
        await make_due()
        assert await Claims().claim()
        return "250 OK"

    server.on_recipient = take_over

    assert await deliver(server, MailKind.CONFIRMATION) == []

    assert await ConfirmationCode.all().count() == 0
    assert await outcome() is None


async def test_a_mail_sent_again_keeps_its_message_id_and_one_that_is_owed_anew_does_not(server: SoundServer) -> None:
    await make_registration(ADDRESS)

    contents: list[bytes] = []

    async def fail_once(content: bytes) -> str:
        contents.append(content)
        return "451 4.3.0 later" if len(contents) == 1 else "250 OK"

    server.on_content = fail_once
    await deliver(server, MailKind.CONFIRMATION)
    await make_due()
    await deliver(server)
    await deliver(server, MailKind.CONFIRMATION)

    first, again, anew = (Received("", (), content).message["Message-ID"] for content in contents)
    assert first == again != anew


@pytest.mark.parametrize(
    ("language", "date"), [(Language.ES, "31 de diciembre de 2027"), (Language.EN, "December 31, 2027")]
)
async def test_a_mail_about_a_payment_says_until_when_it_counts_by_mexicos_calendar(
    server: SoundServer, language: Language, date: str
) -> None:
    await make_account(ADDRESS, language)
    await Account.all().update(active_until=datetime(2028, 1, 1, 5, 59, tzinfo=UTC))

    (mail,) = await deliver(server, MailKind.PAYMENT_RECEIVED)

    assert date in mail.text
