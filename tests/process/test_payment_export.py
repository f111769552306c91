"""The accountant's file of a period's payments."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.database import connected
from app.settings import Settings
from tests.paypal.payers import keep_payment
from tests.process.in_process import run_here
from tests.stored_accounts import store_account, store_company

MARCH = datetime(2026, 3, 1, 6, tzinfo=UTC)  # midnight in Mexico City
APRIL = datetime(2026, 4, 1, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PERIOD = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture
def data_dir(migrated: Path) -> Path:
    return migrated


def _payments(data_dir: Path, *arguments: str) -> tuple[int, str, str]:
    result = run_here(data_dir, "payments", *arguments, DATA_DIR=str(data_dir), LOG_LEVEL="ERROR")
    return result.returncode, result.stdout, result.stderr


def _keep(data_dir: Path) -> None:
    async def keep() -> None:
        async with connected(Settings(_env_file=None, data_dir=data_dir).database):
            ana, eva = (
                await store_account("ana@example.com"),
                await store_account("eva@example.com", rfc="ÑAGE901231A1A"),
            )
            await store_company(ana, legal_name='=HYPERLINK("http://x"),Ñandú')
            changes: dict[str, dict[str, Any]] = {
                "before": {"paid_at": MARCH - SECOND},
                "first": {"paid_at": MARCH, "refunded_at": MARCH + timedelta(days=9), "refunded_by": "webhook"},
                "last": {"paid_at": APRIL - SECOND, "paid_by": "command maria"},
                "after": {"paid_at": APRIL},
                "undone": {"paid_at": MARCH - SECOND, "undone_at": MARCH + SECOND, "undone_by": "command eva"},
                "unpaid": {"closed_at": MARCH},
            }
            for reference, columns in changes.items():
                await keep_payment(
                    eva.id if reference == "last" else ana.id,
                    MARCH,
                    reference=reference,
                    status="paid",
                    subtotal=Decimal("1000.5"),
                    **columns,
                )

    asyncio.run(keep())


def test_each_payment_whose_money_moved_in_the_period_is_exported_once(data_dir: Path) -> None:
    _keep(data_dir)

    status, out, error = _payments(data_dir, *PERIOD, "--csv")

    assert (status, error) == (0, "")
    assert out.startswith("\ufeffpaid_at,")
    assert out.count("\r\n") == out.count("\n") == 4
    rows = list(csv.DictReader(io.StringIO(out[1:])))
    assert [row["reference"] for row in rows] == ["first", "undone", "last"]
    first, undone, last = rows
    assert (first["paid_at"], first["refunded_at"]) == ("2026-03-01 00:00:00", "2026-03-10 00:00:00")
    assert (first["subtotal"], first["tax"], first["total"]) == ("1000.50", "160.00", "1160.50")
    assert first["company"] == '\'=HYPERLINK("http://x"),Ñandú'
    assert (undone["undone_at"], undone["undone_by"]) == ("2026-03-01 00:00:01", "command eva")
    assert (last["paid_at"], last["paid_by"]) == ("2026-03-31 23:59:59", "command maria")
    assert (last["rfc"], last["company"], last["method"]) == ("ÑAGE901231A1A", "", "bank_deposit")


def test_an_export_needs_a_period_and_the_format(data_dir: Path) -> None:
    needs = "An export needs --from, --to and --csv, and nothing else.\n"
    sentences = {
        (): "Give e-mails, or --from, --to and --csv.\n",
        ("--csv",): needs,
        PERIOD: needs,
        (*PERIOD, "--csv", "ana@example.com"): needs,
        ("--from", "2026-03-31", "--to", "2026-03-01", "--csv"): "--to is before --from.\n",
    }

    for arguments, sentence in sentences.items():
        assert _payments(data_dir, *arguments) == (2, "", sentence)
    for day in ("march", "2026-02-30", "0001-01-01", "9999-12-31"):
        status, _, error = _payments(data_dir, "--from", day, "--to", "2026-03-01", "--csv")
        assert (status, "argument --from: must be a date such as 2026-01-31" in error) == (2, True)


def test_a_period_without_payments_is_a_file_with_only_its_header(data_dir: Path) -> None:
    status, out, _ = _payments(data_dir, *PERIOD, "--csv")

    assert (status, out.count("\r\n")) == (0, 1)
