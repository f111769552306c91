"""An operator helps people who ask, as they are found in the database afterwards."""

import asyncio
import importlib
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.composition import compose
from app.database import connected
from app.operator import current_operator
from app.settings import Settings
from models.account import Account
from models.bank_movement import BankMovement
from models.confirmed_code import ConfirmedCode
from models.delivery import Delivery
from models.failure_streak import FailureStreak
from models.invoice_reservation import InvoiceReservation
from models.known_network import KnownNetwork
from models.mailed_password import MailedPassword
from models.payment import Payment
from models.registration import Registration
from models.retained_payment import RetainedPayment
from models.session import Session
from services.cleanup import Cleanup
from services.common.clock import utc_now
from services.events.facts import EventType
from services.events.publishing import publish
from services.invoices.outcomes import ReservationView
from services.mail import outbox
from services.mail.outbox import MailKind
from services.support import limit_subjects, personal_data
from tests.exports import everything, tables
from tests.invoices import paid, reserve, series_of
from tests.paypal.payers import keep_payment
from tests.process.in_process import run_here
from tests.stored_accounts import store_account, store_company

EMAIL, NEW, RFC, PERSON = "ana@example.com", "Ana.Nueva@example.com", "EKU9003173C9", "CACX7605101P8"


class Desk:
    """Runs commands in a folder with a database, and looks into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        result = run_here(self._folder, *arguments, DATA_DIR=str(self._folder), LOG_LEVEL="ERROR")
        return result.returncode, result.stdout, result.stderr

    def json(self, *arguments: str) -> Any:
        status, out, error = self(*arguments, "--json")
        assert (status, error) == (0, "")
        return json.loads(out)

    def within(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def look() -> Any:
            async with connected(Settings(_env_file=None, data_dir=self._folder).database):
                return await work()

        return asyncio.run(look())


@pytest.fixture
def desk(migrated: Path) -> Desk:
    return Desk(migrated)


async def _register(email: str = EMAIL, rfc: str = RFC) -> Registration:
    return await Registration.create(
        id=uuid4(),
        email_key=email.lower(),
        email=email,
        rfc=rfc,
        password_hash="none",
        language="es",
        created_at=utc_now(),
    )


async def _sign_in(account: Account, digest: str = "c") -> None:
    now, later = utc_now(), utc_now() + timedelta(days=1)
    moments: dict[str, Any] = {"created_at": now, "last_seen_at": now, "ends_at": later, "expires_at": later}
    await Session.create(id=uuid4(), account_id=account.id, digest=digest * 64, ip_address="203.0.113.9", **moments)


async def _customer() -> Account:
    account = await store_account(password_hash="a hash", stage="configured")
    await store_company(account)
    await _sign_in(account)
    await publish(account.id, EventType.ACCOUNT_CONFIRMED)
    return account


async def _mails() -> list[tuple[str, str]]:
    return sorted([(each.kind, each.email_key) for each in await Delivery.filter(pending_key__isnull=False)])


def test_every_command_says_that_it_found_nobody(desk: Desk) -> None:
    for action in ("show", "confirm", "resend", "unlock", "delete"):
        assert desk("account", action, EMAIL) == (1, "", f"{EMAIL}: nothing found\n"), action
    assert desk("account", "set-email", EMAIL, NEW) == (1, "", f"{EMAIL}: nothing found\n")
    assert desk("account", "set-rfc", EMAIL, PERSON) == (1, "", f"{EMAIL}: nothing found\n")
    assert desk("account", "revoke", EMAIL) == (1, "", f"{EMAIL}: has no account\n")
    status, out, _ = desk("account", "show", EMAIL, "--json")
    assert (status, json.loads(out)) == (1, {"error": f"{EMAIL}: nothing found"})
    assert desk("outbox", "list") == desk("limits", "show", EMAIL) == (1, "", "")


def test_wrong_input_is_answered_with_a_sentence(desk: Desk) -> None:
    desk.within(_customer)
    hostile = f"ana\0\udcff{'x' * 5000}@example.com"

    for text in ("ana", "", hostile):
        assert desk("account", "show", text) == (2, "", f"{text[:100]!r} is not an e-mail.\n")
        assert desk("account", "set-email", EMAIL, text) == (2, "", f"{text[:100]!r} is not an e-mail.\n")
        assert desk("account", "set-rfc", EMAIL, text)[0] == desk("account", "revoke", text)[0] == 2
        assert desk("limits", "show", text)[0] == 2
    assert desk("account", "set-rfc", EMAIL, "XAXX010101000")[0] == 2


def test_show_says_what_support_is_asked_about_and_no_secret(desk: Desk) -> None:
    desk.within(_customer)

    person = desk.json("account", "show", EMAIL.upper())
    _, text, _ = desk("account", "show", EMAIL)

    account = person["account"]
    assert (account["email"], account["stage"], account["sessions"], account["company"]) == (
        EMAIL,
        "configured",
        1,
        True,
    )
    assert (account["password"], account["second_factor"]) == (True, False)
    assert account["current_step"] == "SELECT_PAYMENT_METHOD"
    assert person["login_failures"] == {"known_networks": 0, "other_networks": 0}
    assert f"  email: {EMAIL}\n" in text
    assert "a hash" not in text + json.dumps(person)
    assert "c" * 64 not in text + json.dumps(person)


def test_a_registration_is_shown_mailed_and_confirmed(desk: Desk) -> None:
    registration = desk.within(_register)

    shown = desk.json("account", "show", EMAIL)
    mailed = desk("account", "resend", EMAIL)
    queued = desk.within(_mails)
    confirmed = desk("account", "confirm", EMAIL)
    again = desk("account", "confirm", EMAIL)

    assert (shown["account"], [each["id"] for each in shown["registrations"]]) == (None, [str(registration.id)])
    assert mailed == (0, f"{EMAIL}: queued, for 1 waiting\n", "")
    assert queued == [("confirmation", EMAIL)]
    assert confirmed == (0, f"{EMAIL}: confirmed, with the RFC {RFC}; a notice is queued\n", "")
    assert again == (1, "", f"{EMAIL}: has an account; nothing was done\n")
    assert desk.within(_mails) == [("account_confirmed", EMAIL)]
    assert desk.within(lambda: Registration.all().count()) == 0
    assert desk("account", "resend", EMAIL)[0] == 1


def test_of_several_registrations_one_has_to_be_chosen(desk: Desk) -> None:
    desk.within(_register)
    chosen = desk.within(lambda: _register(rfc=PERSON))

    status, _, error = desk("account", "confirm", EMAIL)
    done = desk("account", "confirm", EMAIL, "--registration", str(chosen.id))

    assert (status, str(chosen.id) in error) == (1, True)
    assert done[0] == 0
    assert desk.within(lambda: Account.all().values_list("rfc", flat=True)) == [PERSON]


def test_unlock_ends_both_lockouts(desk: Desk) -> None:
    desk.within(_customer)

    async def lock() -> None:
        lockout = compose(Settings(_env_file=None, data_dir=desk._folder)).support.lockout
        buckets = [lockout._bucket(EMAIL, known=known) for known in (True, False)]
        await FailureStreak.bulk_create([FailureStreak(key=key, count=50, touched_at=1.0) for key in buckets])

    desk("account", "show", EMAIL)
    desk.within(lock)
    locked = desk.json("account", "show", EMAIL)["login_failures"]
    unlocked = desk.json("account", "unlock", EMAIL)

    assert locked == unlocked["before"] == {"known_networks": 50, "other_networks": 50}
    assert desk.within(lambda: FailureStreak.all().count()) == 0


def test_revoke_says_what_it_ended(desk: Desk) -> None:
    desk.within(_customer)

    sessions = desk("account", "revoke", EMAIL)
    passwords = desk.json("account", "revoke", "--password", EMAIL)

    assert sessions == (0, f"{EMAIL}: 1 sessions\n", "")
    assert passwords == [{"email": EMAIL, "sessions": 0, "passwords": 1, "passkeys": 0}]


def test_another_email_ends_what_the_old_mailbox_could_use_and_tells_both(desk: Desk) -> None:
    account = desk.within(_customer)
    later = utc_now() + timedelta(hours=1)

    async def mail() -> None:
        await MailedPassword.create(digest="m" * 64, account_id=account.id, expires_at=later)
        await ConfirmedCode.create(digest="k" * 64, account_id=account.id, expires_at=later)
        await outbox.enqueue(MailKind.RECOVERY, EMAIL)
        await outbox.enqueue(MailKind.PAYMENT_RECEIVED, EMAIL)
        await _register(NEW)

    desk.within(mail)
    changed = desk("account", "set-email", EMAIL, NEW)

    async def left() -> list[int]:
        return [await each.all().count() for each in (Session, MailedPassword, ConfirmedCode, Registration)]

    assert changed == (0, f"{EMAIL}: is now {NEW}; 1 sessions ended; notices are queued\n", "")
    assert desk.within(left) == [0, 0, 0, 0]
    assert desk.within(_mails) == [
        ("email_assigned", NEW.lower()),
        ("email_changed", EMAIL),
        ("payment_received", NEW.lower()),
    ]
    moved = desk.within(lambda: Account.get(id=account.id))
    assert (moved.email, moved.email_key, moved.password_hash) == (NEW, NEW.lower(), "a hash")
    assert moved.password_generation == 2


def test_an_email_that_another_account_has_is_refused(desk: Desk) -> None:
    desk.within(_customer)
    desk.within(lambda: store_account(NEW))

    taken = desk("account", "set-email", EMAIL, NEW)
    same = desk("account", "set-email", EMAIL, EMAIL)
    spelling = desk("account", "set-email", EMAIL, "Ana@example.com")

    assert taken == (1, "", f"{EMAIL}: another account has that e-mail; nothing was done\n")
    assert same == (0, f"{EMAIL}: has it already; nothing was done\n", "")
    assert spelling[0] == 0
    assert desk.within(_mails) == []
    assert desk.within(lambda: Session.all().count()) == 1


def test_another_type_of_taxpayer_has_to_do_step_3_again(desk: Desk) -> None:
    desk.within(_customer)

    same_type = desk("account", "set-rfc", EMAIL, "H&E951128469")
    other_type = desk("account", "set-rfc", EMAIL, "cacx-760510-1p8")
    again = desk("account", "set-rfc", EMAIL, PERSON)

    assert same_type == (0, f"{EMAIL}: {RFC} is now H&E951128469; a notice is queued\n", "")
    assert other_type[1].endswith(f"is now {PERSON}; step 3 has to be done again; a notice is queued\n")
    assert again == (0, f"{EMAIL}: has it already; nothing was done\n", "")
    shown = desk.json("account", "show", EMAIL)["account"]
    assert (shown["taxpayer_type"], shown["current_step"]) == ("PERSONA_FISICA", "CONFIGURE_COMPANY")
    assert (shown["stage"], shown["sessions"]) == ("configured", 1)
    assert desk.within(_mails) == [("rfc_changed", EMAIL)]


def test_a_registration_is_corrected_by_registering_again(desk: Desk) -> None:
    desk.within(_register)

    sentence = f"{EMAIL}: is not confirmed; the person can register again to correct it\n"
    assert desk("account", "set-rfc", EMAIL, PERSON) == desk("account", "set-email", EMAIL, NEW) == (1, "", sentence)


async def _payer(status: str = "paid", **columns: Any) -> Payment:
    account = await _customer()
    return await keep_payment(account.id, datetime(2026, 3, 1, tzinfo=UTC), status=status, **columns)


def test_delete_keeps_the_payments_apart_for_five_years(desk: Desk) -> None:
    payment = desk.within(lambda: _payer(paid_at=datetime(2026, 3, 1, tzinfo=UTC), reference="0000000001"))

    async def more() -> None:
        await BankMovement.create(id="i" * 64, payment_id=payment.id, counted_as_id=payment.id, seen_at=utc_now())
        await keep_payment(payment.account_id, utc_now(), status="expired", reference="0000000002")
        await outbox.enqueue(MailKind.PAYMENT_RECEIVED, EMAIL)
        await _register()

    desk.within(more)
    march = ("payments", "--from", "2026-02-01", "--to", "2026-03-31", "--csv")
    ledger = desk(*march)[1]
    status, out, error = desk("account", "delete", EMAIL, "--yes")

    async def left() -> dict[str, int]:
        models = (Account, Session, Payment, BankMovement, Registration, RetainedPayment, KnownNetwork)
        return {model.__name__: await model.all().count() for model in models if await model.all().count()}

    assert (status, error) == (0, "")
    assert out == f"{EMAIL}: deleted 1 account and 1 registrations; tax law keeps 1 payments until 2032-05-01\n"
    assert desk.within(left) == {"RetainedPayment": 1}
    kept = desk.within(lambda: RetainedPayment.get())
    assert (kept.id, kept.rfc, kept.legal_name) == (payment.id, RFC, "ESCUELA KEMPER URGATE")
    assert EMAIL not in str(dict(kept))
    assert ledger.count(str(payment.id)) == 1
    assert desk(*march)[1] == ledger  # an accountant sees no difference
    assert desk.within(_mails) == [("account_deleted", EMAIL)]
    assert desk("account", "delete", EMAIL, "--yes") == (1, "", f"{EMAIL}: nothing found\n")

    async def clean_up(now: datetime) -> int:
        await Cleanup(clock=lambda: now).clean_up()
        return await RetainedPayment.all().count()

    assert desk.within(lambda: clean_up(kept.retained_until - timedelta(seconds=1))) == 1
    assert desk.within(lambda: clean_up(kept.retained_until)) == 0


def test_delete_waits_for_money_that_is_not_decided(desk: Desk) -> None:
    payment = desk.within(lambda: _payer("pending"))

    pending = desk("account", "delete", EMAIL, "--yes")
    desk.within(lambda: Payment.filter(id=payment.id).update(status="paid"))
    desk.within(lambda: BankMovement.create(id="i" * 64, payment_id=payment.id, seen_at=utc_now()))
    undecided = desk("account", "delete", EMAIL, "--yes")

    refusal = f"{EMAIL}: nothing was deleted, since payments are not decided yet: {payment.id}\n"
    assert pending == undecided == (1, "", refusal)
    assert desk.within(_mails) == []


def test_delete_waits_for_invoices_that_are_not_decided(desk: Desk) -> None:
    async def reserved() -> ReservationView:
        account = await _customer()
        await paid(account, utc_now())
        return await reserve(account.id, await series_of(account))

    reservation = desk.within(reserved)
    refused = desk("account", "delete", EMAIL, "--yes")
    assert desk("invoices", "confirm", str(reservation.id), str(uuid4()))[0] == 0
    deleted = desk("account", "delete", EMAIL, "--yes")

    refusal = f"{EMAIL}: nothing was deleted, since invoices are reserved and not decided yet: {reservation.id}\n"
    assert refused == (1, "", refusal)
    assert deleted[0] == 0
    assert desk.within(lambda: InvoiceReservation.all().count()) == 0


def test_delete_names_the_deposits_that_may_still_arrive(desk: Desk) -> None:
    desk.within(lambda: _payer("open", reference="0000000003"))

    _, out, _ = desk("account", "delete", EMAIL, "--yes")

    assert out.endswith("; deposits that may still arrive have no account: 0000000003\n")
    assert desk.within(lambda: RetainedPayment.all().count()) == 0


def test_export_writes_everything_that_is_kept_and_no_secret(desk: Desk, tmp_path: Path) -> None:
    payment = desk.within(lambda: _payer(reference="0000000004"))
    target = tmp_path / "ana.zip"

    async def more() -> None:
        later = utc_now() + timedelta(hours=1)
        await MailedPassword.create(digest="d" * 64, account_id=payment.account_id, expires_at=later)
        await outbox.enqueue(MailKind.PASSWORD_CHANGED, EMAIL)
        await _register()

    desk.within(more)
    rows = desk.json("account", "export", EMAIL, str(target))["rows"]
    refused = [desk("account", "export", EMAIL, str(file)) for file in (target, tmp_path / "no" / "x.zip", "\0")]
    nobody = desk("account", "export", NEW, str(tmp_path / "nobody.zip"))

    content = target.read_bytes()
    assert {name: len(found) for name, found in tables(content).items()} == rows
    assert {name for name, count in rows.items() if not count} == {
        *(
            "bank_movements",
            "confirmation_codes",
            "devices",
            "email_changes",
            "export_links",
            "invoice_reservations",
            "limits",
            "networks",
            "passkeys",
            "privacy_notices",
            "remembered_devices",
            "second_factors",
            "series",
        )
    }
    texts = everything(content)
    assert all(kept in texts for kept in (EMAIL, RFC, "ESCUELA KEMPER URGATE", "0000000004", "203.0.113.9"))
    assert [secret for secret in ("a hash", "none", "c" * 64, "d" * 64) if f'"{secret}"' in texts] == []
    assert target.stat().st_mode & 0o777 == 0o600
    assert [status for status, _, _ in refused] == [1, 1, 1]
    assert refused[0][2] == f"Cannot write '{target}': File exists\n"
    assert nobody[0] == 1
    assert not (tmp_path / "nobody.zip").exists()


def test_an_export_misses_no_table_that_knows_a_person() -> None:
    """A new table with an e-mail or an account is exported and deleted, or named here."""
    models = list(vars(importlib.import_module("app.database"))["_MODELS"])
    source = Path(personal_data.__file__).read_text("utf-8")
    elsewhere = {
        "api_client",
        "api_client_secret",
        "confirmed_code",
        "email_change_code",
        "event_feed",
        "failure_streak",
        "heartbeat",
        "known_network",
        "limit_counter",
        "login_challenge",
        "passkey_challenge",
        "recovery_code",
        "retained_payment",
        "spent_captcha",
        "webhook_endpoint",
    }

    assert {name.removeprefix("models.") for name in models if f"from {name} import" not in source} == elsewhere


def test_delete_asks_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.within(_customer)

    for typed, status, accounts in (("", 1, 1), ("yes\n", 1, 1), (f"{EMAIL}\n", 0, 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert desk("account", "delete", EMAIL)[0] == status
        assert desk.within(lambda: Account.all().count()) == accounts


def test_the_outbox_is_listed_retried_and_dropped(desk: Desk) -> None:
    async def fail() -> None:
        await outbox.enqueue(MailKind.RECOVERY, EMAIL)
        await outbox.enqueue(MailKind.PASSWORD_CHANGED, EMAIL)
        ended = {"pending_key": None, "finished_at": utc_now(), "outcome": "refused", "reason": "550 \x1b[2Jno"}
        await Delivery.filter(kind="recovery").update(**ended)

    desk.within(fail)
    (waiting,) = desk.json("outbox", "list")
    (failed,) = desk.json("outbox", "list", "--failed", "--email", EMAIL)
    _, text, _ = desk("outbox", "show", failed["id"])
    retried = desk("outbox", "retry", failed["id"], str(uuid4()))
    both = desk.json("outbox", "list")
    dropped = [desk("outbox", "drop", waiting["id"])[0] for _ in range(2)]

    assert (waiting["kind"], failed["kind"], failed["outcome"]) == ("password_changed", "recovery", "refused")
    assert "reason: 550  [2Jno\n" in text
    assert (retried[0], retried[1]) == (1, f"{failed['id']}: due now\n")
    assert {each["kind"] for each in both} == {"password_changed", "recovery"}
    assert dropped == [0, 1]
    assert desk.within(_mails) == [("recovery", EMAIL)]


def test_the_same_mail_is_not_retried_while_it_waits(desk: Desk) -> None:
    async def fail_and_ask_again() -> str:
        await outbox.enqueue(MailKind.RECOVERY, EMAIL)
        await Delivery.all().update(pending_key=None, finished_at=utc_now(), outcome="expired")
        first = await Delivery.get()
        await outbox.enqueue(MailKind.RECOVERY, EMAIL)
        return str(first.id)

    mail = desk.within(fail_and_ask_again)

    assert desk("outbox", "retry", mail)[0] == 1
    assert desk.within(_mails) == [("recovery", EMAIL)]


def test_limits_are_shown_and_reset_by_whom_they_count(desk: Desk) -> None:
    account = str(uuid4())
    counted = {EMAIL: "login_failures", "203.0.113.9": "login", "2001:db8:1:2::9": "login_site", account: "payment"}

    async def count() -> None:
        composition = compose(Settings(_env_file=None, data_dir=desk._folder))
        for subject, name in counted.items():
            for limit, who in limit_subjects.counted_by(composition.limits, subject) or ():
                if limit.name == name:
                    await composition.limiter.hit(limit, who)

    desk("limits", "show", EMAIL)
    desk.within(count)

    for subject, name in counted.items():
        shown = desk.json("limits", "show", subject)
        assert {(each["limit"], each["count"]) for each in shown} == {(name, 1)}
        assert desk("limits", "reset", subject)[0] == 0
        assert desk("limits", "show", subject) == (1, "", "")


def test_every_command_that_changes_something_is_in_the_audit_trail_with_its_user(desk: Desk, tmp_path: Path) -> None:
    desk.within(_register)
    desk("account", "resend", EMAIL)
    [mail] = desk.json("outbox", "list")
    desk("outbox", "retry", mail["id"])
    desk("outbox", "drop", mail["id"])
    desk("account", "confirm", EMAIL)
    desk("account", "unlock", EMAIL)
    desk("account", "set-rfc", EMAIL, PERSON)
    desk("account", "set-email", EMAIL, "eva@example.com")
    desk("account", "export", "eva@example.com", str(tmp_path / "eva.zip"))
    desk("limits", "reset", "eva@example.com")
    desk("account", "delete", "eva@example.com", "--yes")

    events = [json.loads(line) for line in desk("audit", "--since", "5m", "--json")[1].splitlines()]

    assert [event["kind"] for event in reversed(events)] == [
        "code_resent",
        "mail_retried",
        "mail_dropped",
        "confirmed",
        "unlocked",
        "rfc_changed",
        "email_changed",
        "data_exported",
        "limits_reset",
        "account_deleted",
    ]
    assert {event["actor"] for event in events} == {current_operator().name}
    assert [each for each in ("eva@", "ana@", PERSON) if each in json.dumps(events)] == []
