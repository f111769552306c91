"""An operator lists the invoices that are not decided, and decides one."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from models.audit_event import AuditEvent
from models.invoice_reservation import InvoiceReservation
from services.common.clock import utc_now
from services.invoices.outcomes import ReservationView
from tests.clocks import Clock
from tests.invoices import CLIENT, active_account, reserve, series_of, stamps_used
from tests.process.test_support_commands import Desk


@pytest.fixture
def desk(migrated: Path) -> Desk:
    return Desk(migrated)


async def _reserved() -> list[ReservationView]:
    """One of two days ago and one of now."""
    then = Clock(utc_now() - timedelta(days=2))
    account = await active_account(then.now - timedelta(days=1))
    series = await series_of(account)
    return [await reserve(account.id, series, clock=then), await reserve(account.id, series)]


async def _events() -> list[tuple[str, str | None]]:
    return [(each.kind, each.subject) for each in await AuditEvent.filter(kind__startswith="invoice_").order_by("at")]


def test_those_of_a_day_ago_are_listed(desk: Desk) -> None:
    old, fresh = desk.within(_reserved)

    status, out, _ = desk("invoices", "open")
    everything: Any = desk.json("invoices", "open", "--hours", "0")

    assert status == 0
    line = (
        *(str(old.id), old.reserved_at.isoformat(timespec="seconds"), "reserved", str(old.account_id), "A1"),
        *(str(old.request_id), str(CLIENT), "-"),
    )
    assert out == "\t".join(line) + "\n"
    assert [each["id"] for each in everything] == [str(old.id), str(fresh.id)]


def test_one_is_confirmed_or_released_once_and_audited(desk: Desk) -> None:
    old, fresh = desk.within(_reserved)
    uuid = uuid4()

    confirmed = [desk("invoices", "confirm", str(old.id), str(uuid)) for _ in range(2)]
    released = [desk.json("invoices", "release", str(fresh.id)) for _ in range(2)]

    assert confirmed[0] == confirmed[1]
    assert (confirmed[0][0], confirmed[0][1].endswith(f"\t{uuid}\n")) == (0, True)
    assert released[0] == released[1]
    assert (released[0]["status"], released[0]["folio_skipped"]) == ("released", False)
    assert desk.within(_events) == [("invoice_confirmed", str(old.id)), ("invoice_released", str(fresh.id))]
    assert desk.within(lambda: stamps_used(old.account_id)) == [1]


def test_what_cannot_be_done_is_said(desk: Desk) -> None:
    old, fresh = desk.within(_reserved)
    uuid, unknown = uuid4(), uuid4()
    desk("invoices", "confirm", str(old.id), str(uuid))

    refused = [
        desk("invoices", "release", str(old.id)),
        desk("invoices", "confirm", str(old.id), str(uuid4())),
        desk("invoices", "confirm", str(fresh.id), str(uuid)),
    ]
    desk("invoices", "release", str(fresh.id))
    refused.append(desk("invoices", "confirm", str(fresh.id), str(uuid4())))
    status, out, error = desk("invoices", "release", str(unknown), "--json")

    reasons = [f"{old.id}: the invoice was confirmed with the UUID {uuid}"] * 2
    reasons.append(f"{fresh.id}: another invoice was confirmed with this UUID")
    reasons.append(f"{fresh.id}: the reservation was released")
    assert refused == [(1, "", f"{reason}; nothing was done\n") for reason in reasons]
    assert (status, json.loads(out)) == (1, {"error": f"{unknown}: no reservation has this id"})
    assert error
    assert desk.within(lambda: InvoiceReservation.filter(uuid__isnull=False).count()) == 1


@pytest.mark.parametrize(
    "arguments", [("open", "--hours", "-1"), ("open", "--hours", "9999999999"), ("release", "no-id"), ("confirm", "a")]
)
def test_wrong_arguments_are_refused(desk: Desk, arguments: tuple[str, ...]) -> None:
    assert desk("invoices", *arguments)[0] == 2
