"""Each kind of mail: to whom it goes, and which secret is generated for it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.delivery import Delivery
from models.export_link import ExportLink
from models.mailed_password import MailedPassword
from models.registration import Registration
from services.accounts.password_policy import canonical_mailed_password
from services.common.clock import utc_now
from services.common.secrets import ALPHABET, digest
from services.common.translations import Language
from services.mail import outbox
from services.mail.claims import Claims
from services.mail.outbox import ABOUT_SIGN_INS, ADDRESSED, OF_EMAIL_CHANGES, MailKind
from services.mail.sign_in_facts import SignInFacts
from tests.smtp_servers import (
    TEXTS,
    Received,
    SoundServer,
    claim_one,
    make_account,
    make_deliverer,
    make_due,
    make_registration,
)

pytestmark = pytest.mark.usefixtures("database")

ADDRESS = "Ana@example.com"
KEY = "ana@example.com"
WITH_A_SECRET = {MailKind.CONFIRMATION, MailKind.RECOVERY, MailKind.DATA_EXPORT, *OF_EMAIL_CHANGES}
NOTICES = [kind for kind in MailKind if kind not in WITH_A_SECRET | ADDRESSED | ABOUT_SIGN_INS]
SIGN_IN = SignInFacts(utc_now(), "Chrome", "Windows", failures=7)
CODE = re.compile(rf"\b[{ALPHABET}]{{40}}\b")
PASSWORD = re.compile(rf"\b[{ALPHABET}]{{6}}(-[{ALPHABET}]{{6}}){{3}}\b")


async def deliver(sound: SoundServer, *kinds: MailKind) -> list[Received]:
    for kind in kinds:
        await outbox.enqueue(kind, KEY)
    await make_deliverer(sound.port, mail_limit="100/day").deliver_due()
    return sound.mails


def secret(pattern: re.Pattern[str], mail: Received) -> str:
    (match,) = pattern.finditer(mail.text)
    return match.group()


def subject(template: str, language: Language) -> str:
    return TEXTS.format(language, f"mail.{template}.subject", {"site": "Timbrado"})


async def outcome() -> str | None:
    return (await Delivery.get()).outcome


@pytest.mark.parametrize("language", Language)
async def test_a_registration_gets_its_confirmation_code(sound: SoundServer, language: Language) -> None:
    registration_id = await make_registration(ADDRESS, language)

    (mail,) = await deliver(sound, MailKind.CONFIRMATION)

    assert mail.recipients == (ADDRESS,)
    assert mail.message["Subject"] == subject("confirmation", language)
    assert "H&E951128469" in mail.text
    code = await ConfirmationCode.get()
    assert (code.digest, code.registration_id) == (digest(secret(CODE, mail)), registration_id)
    assert await outcome() == "delivered"


async def test_a_code_is_valid_for_24_hours_from_when_its_mail_left(sound: SoundServer) -> None:
    await make_registration(ADDRESS)
    await outbox.enqueue(MailKind.CONFIRMATION, KEY)
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=5))
    before = utc_now()

    await deliver(sound)

    life = (await ConfirmationCode.get()).expires_at - before
    assert timedelta(hours=24) <= life < timedelta(hours=24, seconds=10)


async def test_an_account_gets_a_new_password_that_is_valid_for_24_hours(sound: SoundServer) -> None:
    account_id = await make_account(ADDRESS, Language.EN)
    before = utc_now()

    (mail,) = await deliver(sound, MailKind.RECOVERY)

    assert (mail.recipients, mail.message["Subject"]) == ((ADDRESS,), subject("recovery", Language.EN))
    password = await MailedPassword.get()
    assert password.digest == digest(canonical_mailed_password(secret(PASSWORD, mail)))
    assert (password.account_id, password.used_at) == (account_id, None)
    assert timedelta(hours=24) <= password.expires_at - before < timedelta(hours=24, seconds=10)


async def test_each_mail_with_an_export_link_takes_the_place_of_the_one_before(sound: SoundServer) -> None:
    account_id = await make_account(ADDRESS, Language.EN)
    other_id = await make_account("eva@example.com", Language.ES)
    await outbox.enqueue(MailKind.DATA_EXPORT, "eva@example.com")
    await deliver(sound, MailKind.DATA_EXPORT)
    await ExportLink.all().update(claimed_until=utc_now())
    before = utc_now()

    mail = (await deliver(sound, MailKind.DATA_EXPORT))[-1]

    link = await ExportLink.get(account_id=account_id)
    assert mail.message["Subject"] == subject("data_export", Language.EN)
    assert (link.digest, link.claimed_until) == (digest(secret(CODE, mail)), None)
    assert timedelta(hours=1) <= link.expires_at - before < timedelta(hours=1, seconds=10)
    assert await ExportLink.filter(account_id=other_id).count() == 1


async def test_a_registration_that_asks_for_a_password_gets_its_code_again(sound: SoundServer) -> None:
    await make_registration(ADDRESS)

    (mail,) = await deliver(sound, MailKind.RECOVERY)

    assert mail.message["Subject"] == subject("unconfirmed", Language.ES)
    assert (await ConfirmationCode.get()).digest == digest(secret(CODE, mail))
    assert await MailedPassword.all().count() == 0


@pytest.mark.parametrize("language", Language)
async def test_an_account_gets_its_notices_without_a_secret(sound: SoundServer, language: Language) -> None:
    await make_account(ADDRESS, language)
    await Account.all().update(deletion_due_at=utc_now())  # without which some would say nothing true

    for kind in ABOUT_SIGN_INS:
        await outbox.enqueue_about_sign_in(kind, KEY, SIGN_IN)
    mails = await deliver(sound, *NOTICES)

    assert {mail.recipients for mail in mails} == {(ADDRESS,)}
    assert sorted(mail.message["Subject"] for mail in mails) == sorted(
        subject(kind.value, language) for kind in (*NOTICES, *ABOUT_SIGN_INS)
    )
    assert [mail.text for mail in mails if CODE.search(mail.text) or PASSWORD.search(mail.text)] == []
    assert await ConfirmationCode.all().count() == await MailedPassword.all().count() == 0
    assert {delivery.outcome for delivery in await Delivery.all()} == {"delivered"}


async def test_a_mail_of_a_registration_goes_to_that_registration(sound: SoundServer) -> None:
    first = await make_registration(ADDRESS, Language.ES, age=timedelta(hours=2))
    await make_registration(ADDRESS, Language.EN)
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, KEY, first)

    (mail,) = await deliver(sound)

    assert mail.message["Subject"] == subject("confirmation", Language.ES)
    assert (await ConfirmationCode.get()).registration_id == first
    assert (await Registration.get(id=first)).mailed_at


async def test_a_mail_of_a_deleted_registration_is_not_sent(sound: SoundServer) -> None:
    gone = await make_registration(ADDRESS)
    await make_registration(ADDRESS)
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, KEY, gone)
    await Registration.filter(id=gone).delete()

    assert await deliver(sound) == []

    assert await Delivery.all().count() == 0


@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.RECOVERY])
async def test_a_request_for_an_email_means_its_newest_registration_and_the_two_that_waited_longest(
    sound: SoundServer, kind: MailKind
) -> None:
    now = utc_now()
    ids = [await make_registration(ADDRESS, age=timedelta(hours=hours)) for hours in (5, 4, 3, 2, 1)]
    for registration_id, minutes in zip(ids, (10, 50, 20, 40, 30), strict=True):
        await Registration.filter(id=registration_id).update(mailed_at=now - timedelta(minutes=minutes))

    await deliver(sound, kind)

    meant = {ids[1], ids[3], ids[4]}
    assert {code.registration_id for code in await ConfirmationCode.all()} == meant
    assert [delivery.outcome for delivery in await Delivery.all()] == ["delivered"] * 3


async def test_a_request_skips_a_registration_that_got_a_mail_since(sound: SoundServer) -> None:
    registration_id = await make_registration(ADDRESS)
    await outbox.enqueue(MailKind.CONFIRMATION, KEY)
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, KEY, registration_id)
    await Delivery.filter(registration_id__isnull=False).update(due_at=utc_now() - timedelta(minutes=1))

    (mail,) = await deliver(sound)

    assert (await ConfirmationCode.get()).digest == digest(secret(CODE, mail))


async def test_the_mail_limit_of_registrations_does_not_apply_to_the_account(sound: SoundServer) -> None:
    for _ in range(2):
        await make_registration(ADDRESS)
    mail_worker = make_deliverer(sound.port, mail_limit="2/day")
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
    assert [PASSWORD.search(mail.text) is not None for mail in sound.mails] == [False, False, True]


async def test_an_unknown_email_gets_no_mail(sound: SoundServer) -> None:
    assert await deliver(sound, *MailKind) == []

    assert sound.recipients == []
    assert await Delivery.all().count() == 0  # interest in an unknown e-mail is not kept


async def test_a_registration_gets_no_notices(sound: SoundServer) -> None:
    await make_registration(ADDRESS)

    assert await deliver(sound, *NOTICES) == []

    assert await Delivery.all().count() == 0  # interest in an unknown e-mail is not kept


async def test_an_account_gets_no_confirmation_code(sound: SoundServer) -> None:
    await make_account(ADDRESS)

    assert await deliver(sound, MailKind.CONFIRMATION) == []

    assert await Delivery.all().count() == 0  # interest in an unknown e-mail is not kept


async def test_a_registration_that_is_deleted_during_delivery_gets_no_mail(sound: SoundServer) -> None:
    registration_id = await make_registration(ADDRESS)

    async def confirm_elsewhere(_: str) -> str:
        await ConfirmationCode.filter(registration_id=registration_id).delete()
        await Registration.filter(id=registration_id).delete()
        return "250 OK"

    sound.on_recipient = confirm_elsewhere

    assert await deliver(sound, MailKind.CONFIRMATION) == []

    assert await ConfirmationCode.all().count() == 0
    assert (await Delivery.get()).reason is None  # the lease was lost, nothing failed
    await make_due()
    await make_deliverer(sound.port).deliver_due()
    assert await Delivery.all().count() == 0  # interest in an unknown e-mail is not kept


async def test_a_mail_cancelled_before_its_secret_exists_is_not_sent(sound: SoundServer) -> None:
    await make_account(ADDRESS)

    async def change_password_elsewhere(_: str) -> str:
        await outbox.cancel((MailKind.RECOVERY,), KEY)
        return "250 OK"

    sound.on_recipient = change_password_elsewhere

    assert await deliver(sound, MailKind.RECOVERY) == []

    assert await MailedPassword.all().count() == 0
    assert await Delivery.all().count() == 0


async def test_a_mail_requested_again_before_its_secret_exists_is_sent_once(sound: SoundServer) -> None:
    await make_registration(ADDRESS)

    async def ask_again_elsewhere(_: str) -> str:
        if len(sound.recipients) == 1:
            await outbox.enqueue(MailKind.CONFIRMATION, KEY)
        return "250 OK"

    sound.on_recipient = ask_again_elsewhere

    (mail,) = await deliver(sound, MailKind.CONFIRMATION)

    assert (await ConfirmationCode.get()).digest == digest(secret(CODE, mail))
    assert (len(sound.recipients), await outcome()) == (1, "delivered")


async def test_a_mail_that_another_worker_took_over_is_not_sent_by_the_first(sound: SoundServer) -> None:
    await make_registration(ADDRESS)

    async def take_over(_: str) -> str:
        await make_due()
        assert await claim_one(Claims())
        return "250 OK"

    sound.on_recipient = take_over

    assert await deliver(sound, MailKind.CONFIRMATION) == []

    assert await ConfirmationCode.all().count() == 0
    assert await outcome() is None


async def test_a_retried_mail_keeps_its_message_id_and_a_new_one_does_not(sound: SoundServer) -> None:
    await make_registration(ADDRESS)

    contents: list[bytes] = []

    async def fail_once(content: bytes) -> str:
        contents.append(content)
        return "451 4.3.0 later" if len(contents) == 1 else "250 OK"

    sound.on_content = fail_once
    await deliver(sound, MailKind.CONFIRMATION)
    await make_due()
    await deliver(sound)
    await deliver(sound, MailKind.CONFIRMATION)

    first, again, anew = (Received("", (), content).message["Message-ID"] for content in contents)
    assert first == again != anew


@pytest.mark.parametrize(
    ("language", "date"), [(Language.ES, "31 de diciembre de 2027"), (Language.EN, "December 31, 2027")]
)
async def test_a_mail_about_a_payment_states_its_end_in_the_time_of_mexico_city(
    sound: SoundServer, language: Language, date: str
) -> None:
    await make_account(ADDRESS, language)
    await Account.all().update(active_until=datetime(2028, 1, 1, 5, 59, tzinfo=UTC))

    (mail,) = await deliver(sound, MailKind.PAYMENT_RECEIVED)

    assert date in mail.text
