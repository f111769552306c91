"""An operator confirms deposits, from what the bank says."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.database import connected
from app.settings import Settings
from models.account import Account
from models.payment import Payment
from services.accounts.onboarding import PaymentMethod
from services.common.clock import utc_now
from services.payments.bank.reference import generate_reference
from services.payments.queries import open_key
from tests.bank_files import FILES, LINES, REFERENCE
from tests.paypal.payers import keep_payment
from tests.process.in_process import run_here
from tests.stored_accounts import store_account

_NOT_OURS = "1234567897"


@pytest.fixture
def data_dir(migrated: Path) -> Path:
    return migrated


def _deposit(data_dir: Path, *arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit status, and the lines of stdout and stderr."""
    result = run_here(data_dir, "deposit", *arguments, DATA_DIR=str(data_dir), LOG_LEVEL="ERROR")
    return result.returncode, result.stdout.splitlines(), result.stderr.splitlines()


def _ask(data_dir: Path, *emails: str) -> list[str]:
    """The references of accounts that want to deposit 1160.00."""

    async def ask() -> list[str]:
        now, references = utc_now(), []
        async with connected(Settings(_env_file=None, data_dir=data_dir).database):
            for email in emails:
                account = await store_account(email, stage="configured")
                references.append(generate_reference())
                await keep_payment(
                    account.id,
                    now,
                    open_key=open_key(PaymentMethod.BANK_DEPOSIT, account.id),
                    due_at=now + timedelta(days=5),
                    reference=references[-1],
                )
        return references

    return asyncio.run(ask())


def _stages(data_dir: Path) -> dict[str, str]:
    async def look() -> dict[str, str]:
        async with connected(Settings(_env_file=None, data_dir=data_dir).database):
            return {account.email: account.stage for account in await Account.all()}

    return asyncio.run(look())


def _payments(data_dir: Path) -> list[str]:
    """The status of each."""

    async def look() -> list[str]:
        async with connected(Settings(_env_file=None, data_dir=data_dir).database):
            return [payment.status for payment in await Payment.all()]

    return asyncio.run(look())


def test_confirming_activates_once(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")

    first = _deposit(data_dir, "confirm", reference, "--amount", "1160.00")
    second = _deposit(data_dir, "confirm", reference, "--amount", "1,160")

    assert first == (0, [f"{reference}: confirmed, 1160.00 MXN"], [])
    assert second == (0, [f"{reference}: was already confirmed"], [])
    assert _stages(data_dir) == {"ana@example.com": "active"}


def test_a_deposit_that_does_not_match_is_reported_and_not_confirmed(data_dir: Path) -> None:
    (asked,) = _ask(data_dir, "ana@example.com")
    sentences = {
        (asked, "1.00"): "1.00 was paid instead of 1160.00; nothing was done",
        ("1234567890", "1160.00"): "unknown; nothing was done",
        ("x", "1160.00"): "unknown; nothing was done",
    }

    for (reference, amount), sentence in sentences.items():
        assert _deposit(data_dir, "confirm", reference, "--amount", amount) == (1, [], [f"{reference}: {sentence}"])
    assert _stages(data_dir) == {"ana@example.com": "configured"}


def test_a_malformed_amount_is_refused(data_dir: Path) -> None:
    status, out, error = _deposit(data_dir, "confirm", "1234567890", "--amount", "mil")

    assert (status, out) == (2, [])
    assert error[-1].endswith("argument --amount: must be an amount such as 1160.00")


def test_importing_a_statement_again_changes_nothing(data_dir: Path) -> None:
    ana, eva, ivo = _ask(data_dir, "ana@example.com", "eva@example.com", "ivo@example.com")
    statement = data_dir / "movimientos.csv"
    statement.write_text(
        f'Cuenta,,\nReferencia,Concepto,Abono\n{ana},Depósito,"1,160.00"\n,Comisión,\n{eva},SPEI,1000.00\n'
        f"{_NOT_OURS},SPEI,99.00\n{ivo},SPEI,mil\n",
        "cp1252",
    )

    first = _deposit(data_dir, "import", str(statement))
    stages = _stages(data_dir)
    second = _deposit(data_dir, "import", str(statement))

    left_alone = [
        f"line 5: {eva}: 1000.00 was paid instead of 1160.00; nothing was done",
        f"line 6: {_NOT_OURS}: unknown; nothing was done",
        f"line 7: {ivo}: the amount cannot be read; nothing was done",
    ]
    assert first == (1, [f"line 3: {ana}: confirmed, 1160.00 MXN"], left_alone)
    assert stages == {"ana@example.com": "active", "eva@example.com": "configured", "ivo@example.com": "configured"}
    assert second == (1, [f"line 3: {ana}: was already confirmed"], left_alone)
    assert _stages(data_dir) == stages


def _statement(data_dir: Path, *rows: str) -> str:
    """A file with these rows."""
    path = data_dir / "movimientos.csv"
    path.write_text("\n".join(["Fecha,Concepto,Referencia,Abono", *rows, ""]))
    return str(path)


def _movement(line: str) -> str:
    """The id that an operator is told to confirm."""
    found = re.search(r"--late --movement ([0-9a-f]{12})\)", line)
    assert found, line
    return found[1]


def test_a_second_deposit_is_listed_until_it_is_decided_and_is_credited_once(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")
    first = f"02/03/2026,SPEI,{reference},1160.00"
    confirmed = _deposit(data_dir, "import", _statement(data_dir, first))
    again = _deposit(data_dir, "import", _statement(data_dir, first))
    year_later = _statement(data_dir, f"02/03/2027,SPEI,{reference},1160.00", first)

    listed, listed_again = _deposit(data_dir, "import", year_later), _deposit(data_dir, "import", year_later)
    credited, slipped = (
        _deposit(data_dir, "confirm", reference, "--amount", "1160", "--late"),
        _deposit(data_dir, "confirm", reference, "--amount", "1160", "--late"),
    )
    afterwards = _deposit(data_dir, "import", year_later)

    assert (confirmed[0], again) == (0, (0, [f"line 2: {reference}: was already confirmed"], []))
    assert listed == listed_again
    assert (listed[0], listed[1]) == (1, [f"line 3: {reference}: was already confirmed"])
    assert listed[2][0] == (
        f"line 2: {reference}: was already confirmed; this is another deposit, of 2027-03-02; nothing was done"
        f" (to count it, confirm it with --late --movement {_movement(listed[2][0])})"
    )
    assert credited == (0, [f"{reference}: confirmed, 1160.00 MXN"], [])
    assert slipped == (0, [f"{reference}: was already confirmed"], [])
    assert afterwards[0] == 0
    assert _payments(data_dir) == ["paid", "paid"]


def test_a_reference_that_occurs_twice_in_a_file_is_confirmed_once_and_shown_to_the_operator(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")
    statement = data_dir / "movimientos.csv"
    statement.write_text(f"referencia,abono\n{reference},1160.00\n{reference},1160.00\n")

    status, out, (error,) = _deposit(data_dir, "import", str(statement))

    assert (status, out) == (1, [f"line 2: {reference}: confirmed, 1160.00 MXN"])
    assert error.startswith(f"line 3: {reference}: was already confirmed; this is another deposit; nothing was done")
    assert (
        _deposit(data_dir, "confirm", reference, "--amount", "1160", "--late", "--movement", _movement(error))[0] == 0
    )
    assert _deposit(data_dir, "import", str(statement))[0] == 0


def test_the_operator_chooses_among_several_waiting_deposits(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")
    days = [f"{day:02}/03/2026,SPEI,{reference},1160.00" for day in (2, 3, 4)]
    listed = _deposit(data_dir, "import", _statement(data_dir, *days))[2]
    late = ("confirm", reference, "--amount", "1160", "--late")

    which = _deposit(data_dir, *late)
    chosen = _deposit(data_dir, *late, "--movement", _movement(listed[0]).upper())

    assert (which[0], which[1]) == (1, [])
    assert [_movement(line) for line in which[2]] == [_movement(line) for line in listed]
    assert chosen == (0, [f"{reference}: confirmed, 1160.00 MXN"], [])


def test_a_deposit_can_be_taken_back_and_confirmed_again(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")
    statement = _statement(data_dir, f"02/03/2026,SPEI,{reference},1160.00")
    _deposit(data_dir, "import", statement)

    first, second = _deposit(data_dir, "undo", reference), _deposit(data_dir, "undo", reference)
    undone = _stages(data_dir)
    imported = _deposit(data_dir, "import", statement)
    late = _deposit(data_dir, "confirm", reference, "--amount", "1160", "--late")

    assert first == (0, [f"{reference}: taken back"], [])
    assert second == (1, [f"{reference}: not a confirmed deposit; nothing was done"], [])
    assert (undone, imported[0]) == ({"ana@example.com": "deactivated"}, 1)
    assert imported[2][0].startswith(
        f"line 2: {reference}: was taken back, of 2026-03-02; nothing was done (to count it"
    )
    assert late == (0, [f"{reference}: confirmed, 1160.00 MXN"], [])
    assert _deposit(data_dir, "import", statement)[0] == 0
    assert (_stages(data_dir), _payments(data_dir)) == ({"ana@example.com": "active"}, ["paid"])


def test_a_file_that_is_not_a_statement_is_reported(data_dir: Path) -> None:
    missing, empty, other = (data_dir / name for name in ("missing.csv", "empty.csv", "other.csv"))
    empty.write_bytes(b"")
    other.write_bytes(b"fecha,monto\n1,2\n")

    for statement in (missing, empty, other):
        status, out, (error,) = _deposit(data_dir, "import", str(statement))

        assert (status, out) == (2, [])
        assert error.startswith(f"Cannot read {statement}: ")


def test_a_banks_file_confirms_the_deposit_in_it(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")
    statement = data_dir / "movimientos.csv"
    statement.write_text(FILES["BBVA"].replace(REFERENCE, reference), "cp1252")

    assert _deposit(data_dir, "import", str(statement)) == (
        0,
        [f"line {LINES['BBVA']}: {reference}: confirmed, 1160.00 MXN"],
        [],
    )
    assert _stages(data_dir) == {"ana@example.com": "active"}


def test_a_dry_run_reports_what_would_be_done_and_changes_nothing(data_dir: Path) -> None:
    ana, eva = _ask(data_dir, "ana@example.com", "eva@example.com")
    statement = data_dir / "movimientos.csv"
    statement.write_text(f"concepto,abono\n00{ana},1160.00\n{eva},5.00\nNOMINA,8000.00\n")

    status, out, error = _deposit(data_dir, "import", "--dry-run", str(statement))

    assert (status, out) == (
        1,
        [f"line 2: {ana}: would be confirmed, 1160.00 MXN", "1 other movement without one of our references"],
    )
    assert error == [f"line 3: {eva}: 5.00 was paid instead of 1160.00; nothing was done"]
    assert _stages(data_dir) == {"ana@example.com": "configured", "eva@example.com": "configured"}


def test_unrelated_movements_are_only_counted(data_dir: Path) -> None:
    (ana,) = _ask(data_dir, "ana@example.com")
    statement = data_dir / "movimientos.csv"
    renting = "".join(f"RENTA 77{generate_reference()}88,1160.00\n" for _ in range(1200))
    statement.write_text(f"concepto,abono\n{renting}77{ana},1160.00\nNOMINA,8000.00\n,5\n")

    assert _deposit(data_dir, "import", str(statement)) == (
        0,
        [f"line 1202: {ana}: confirmed, 1160.00 MXN", "1202 other movements without one of our references"],
        [],
    )


def test_possible_deposits_without_a_reference_are_reported(data_dir: Path) -> None:
    ana, eva = _ask(data_dir, "ana@example.com", "eva@example.com")
    mistyped = ana[:-1] + str((int(ana[-1]) + 1) % 10)
    statement = data_dir / "movimientos.csv"
    statement.write_text(
        f"concepto,abono\nREF {mistyped} \x1b]0;x\x07\u202eX,1160.00\n{ana} {eva},1160.00\n,1160.00\n"
        f'NOMINA,8000.00\n"a"b",c",1\n',
        "utf-16",
    )

    status, out, error = _deposit(data_dir, "import", str(statement))

    awaited = "1160.00 arrived without a known reference, and a deposit of this amount is awaited; nothing was done"
    assert (status, out) == (1, ["1 other movement without one of our references"])
    assert error == [
        f"line 3: {ana}: contains several references ({ana}, {eva}); nothing was done",
        "line 6: no reference: its quotes are broken; nothing was done",
        f"line 2: REF {mistyped} ]0;x X: {awaited}",
        f"line 4: no reference: {awaited}",
    ]


def test_the_columns_of_a_file_without_references_are_shown_without_terminal_codes(data_dir: Path) -> None:
    statement = data_dir / "movimientos.csv"
    statement.write_text("Fe\x1b[31mcha,Monto\n1,2\n")

    status, out, error = _deposit(data_dir, "import", str(statement))

    assert (status, out) == (2, [])
    assert error[0].startswith(
        f"Cannot read {statement}: none of its columns can hold a reference: Fe [31mcha, Monto ("
    )


def test_support_sees_the_payments_of_an_account(data_dir: Path) -> None:
    (reference,) = _ask(data_dir, "ana@example.com")
    environment = {"DATA_DIR": str(data_dir), "LOG_LEVEL": "ERROR"}

    shown = run_here(data_dir, "payments", "Ana@example.com", "eva@example.com", **environment)

    assert shown.returncode == 0
    (line,) = shown.stdout.splitlines()
    columns = line.split("\t")
    assert columns[0] == "ana@example.com"
    assert columns[2:8] == ["bank_deposit", "open", "negocio", "1160.00 MXN", reference, "-"]
