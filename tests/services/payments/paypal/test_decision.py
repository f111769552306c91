"""The table of what follows from what PayPal says: every combination, and the same on its page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.accounts.onboarding import PaymentMethod
from services.common.money import Money
from services.payments.paypal.decision import Cause, Transition, decide, refusal
from services.payments.paypal.values import Capture, CaptureStatus, Order, OrderStatus
from services.payments.queries import ENDED_UNPAID, WAITING, PaymentStatus, PaymentView

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_BOTH = (False, True)
_TOTAL, _OTHER = Money(Decimal(1160)), Money(Decimal(1))
_PAYMENT = PaymentView(
    id=UUID(int=1),
    account_id=UUID(int=2),
    method=PaymentMethod.PAYPAL,
    status=PaymentStatus.OPEN,
    plan_id="negocio",
    period_months=12,
    subtotal=Money(Decimal(1000)),
    tax=Money(Decimal(160)),
    created_at=_NOW,
    expires_at=_NOW + timedelta(hours=3),
    version=_NOW,
    paid_at=None,
    reference=None,
    paypal_order_id="5O190127TN364715T",
    paypal_refusals=0,
    paypal_declined=False,
    paypal_capture_id=None,
    approval_url=None,
)
_EXPECTED = """
| not found | none | expire | keep | keep | keep | keep |
| `CREATED` | none | keep | return to open | keep | keep | keep |
| `SAVED` | none | keep | return to open | keep | keep | keep |
| `PAYER_ACTION_REQUIRED` | none | keep | return to open | keep | keep | keep |
| `APPROVED` | none | capture | capture | keep | keep | keep |
| `VOIDED` | none | expire | expire | keep | keep | keep |
| `COMPLETED` | none | keep | keep | keep | keep | keep |
| `UNKNOWN` | none | keep | keep | keep | keep | keep |
| any | `COMPLETED` | settle | settle | keep | keep | settle |
| any | `PARTIALLY_REFUNDED` | settle | settle | keep | keep | settle |
| any | `PENDING` | mark pending | keep | investigate | keep | keep |
| any | `UNKNOWN` | mark pending | keep | investigate | keep | keep |
| any | `REFUNDED` | refund | refund | refund | keep | refund |
| any | `DECLINED` | decline | decline | keep | keep | keep |
| any | `FAILED` | decline | decline | keep | keep | keep |
| not ours | none | reject | reject | investigate | investigate | investigate |
| not ours | any | investigate | investigate | investigate | investigate | investigate |
"""
_COLUMNS = (
    {PaymentStatus.OPEN},
    {PaymentStatus.PENDING},
    {PaymentStatus.PAID},
    {PaymentStatus.REFUNDED},
    ENDED_UNPAID,
)
_PAGE = (Path(__file__).parents[4] / "docs/onboarding.md").read_text("utf-8")
_ROW = re.compile(r"^\| (.+) \| (.+) " + r"\| ([a-z ]+) " * len(_COLUMNS) + r"\|$", re.MULTILINE)

Rows = dict[tuple[str, str], tuple[str, ...]]


def _rows(table: str) -> Rows:
    """By order status and capture status, of which a cell may name several."""
    found: Rows = {}
    for orders, captures, *transitions in _ROW.findall(table):
        for order, capture in product(orders.split(", "), captures.split(", ")):
            assert (order, capture) not in found
            found[order, capture] = tuple(transitions)
    return found


def _shown(order: OrderStatus, capture: CaptureStatus | None, amount: Money = _TOTAL) -> Order:
    captures = (Capture("2GG279541U471931P", capture, amount),) if capture else ()
    return Order("5O190127TN364715T", order, str(_PAYMENT.id), amount, None, None, captures)


def _every() -> Iterator[tuple[PaymentStatus, OrderStatus | None, CaptureStatus | None]]:
    for status in PaymentStatus:
        yield status, None, None
        yield from product([status], OrderStatus, [None, *CaptureStatus])


def _expected(status: PaymentStatus, order: str, capture: str) -> str:
    rows = _rows(_EXPECTED)
    row = rows[order, capture] if (order, capture) in rows else rows["any", capture]
    return next(cell for cell, statuses in zip(row, _COLUMNS, strict=True) if status in statuses)


def _name(status: OrderStatus | CaptureStatus | None, absent: str) -> str:
    return f"`{status.value}`" if status else absent


def test_every_combination_leads_where_the_table_says() -> None:
    decided, expected = {}, {}
    for status, order, capture in _every():
        case = status.value, _name(order, "not found"), _name(capture, "none")
        expected[case] = _expected(status, *case[1:])
        decided[case] = decide(replace(_PAYMENT, status=status), _shown(order, capture) if order else None).value

    assert len(decided) == len(PaymentStatus) * (1 + len(OrderStatus) * (1 + len(CaptureStatus)))
    assert decided == expected


@pytest.mark.parametrize(
    "change",
    [{"custom_id": "another"}, {"custom_id": None}, {"amount": None}, {"amount": Money(Decimal(1160), "USD")}],
    ids=["of another", "of nobody", "without an amount", "in another currency"],
)
def test_an_order_that_is_not_ours_settles_nothing(change: dict[str, Any]) -> None:
    decided, expected = {}, {}
    for status, order, capture in _every():
        if order:
            case = status, order, capture
            shown = replace(_shown(order, capture), **change)
            decided[case] = decide(replace(_PAYMENT, status=status), shown).value
            expected[case] = _expected(status, "not ours", "any" if capture else "none")

    assert decided == expected


def test_nor_does_a_capture_of_another_amount() -> None:
    order = replace(_shown(OrderStatus.COMPLETED, CaptureStatus.COMPLETED, _OTHER), amount=_TOTAL)

    assert {decide(replace(_PAYMENT, status=status), order) for status in PaymentStatus} == {Transition.INVESTIGATE}


def test_the_page_shows_the_table() -> None:
    assert _rows(_PAGE) == _rows(_EXPECTED)


def test_money_is_taken_of_an_approved_order_and_never_twice() -> None:
    """Whatever else is true of the payment."""
    for status, order, capture in _every():
        shown = _shown(order, capture) if order else None
        for cause, covered, overdue, declined in product(Cause, _BOTH, _BOTH, _BOTH):
            payment = replace(_PAYMENT, status=status, paypal_declined=declined)
            taken = decide(payment, shown, cause, covered=covered, overdue=overdue) is Transition.CAPTURE
            worker_may = order is OrderStatus.APPROVED and not (declined and status is PaymentStatus.OPEN)
            asked = cause is Cause.ASKED or (cause is Cause.CHECKED and worker_may)
            assert taken == (status in WAITING and capture is None and asked and not covered), (payment, shown, cause)


def test_what_a_capture_says_counts_whatever_led_to_it() -> None:
    for status, order, capture in _every():
        if order and capture:
            payment, shown = replace(_PAYMENT, status=status), _shown(order, capture)
            every = {
                decide(payment, shown, cause, covered=covered, overdue=overdue)
                for cause, covered, overdue in product(Cause, _BOTH, _BOTH)
            }
            assert every == {decide(payment, shown)}


def test_an_account_that_was_paid_for_in_another_way_pays_no_more() -> None:
    for status, cause in product(WAITING, (Cause.ASKED, Cause.CHECKED)):
        payment = replace(_PAYMENT, status=status)
        approved = _shown(OrderStatus.APPROVED, None)

        assert decide(payment, approved, cause, covered=True) is Transition.REPLACE


def test_after_a_decline_only_the_payer_has_it_tried_again() -> None:
    declined = replace(_PAYMENT, paypal_declined=True)
    approved = _shown(OrderStatus.APPROVED, None)

    assert decide(declined, approved) is Transition.KEEP
    assert decide(declined, None, Cause.ASKED) is Transition.CAPTURE


def test_a_pending_order_that_paypal_does_not_find_ends_with_its_time() -> None:
    pending = replace(_PAYMENT, status=PaymentStatus.PENDING)

    assert decide(pending, None) is Transition.KEEP
    assert decide(pending, None, overdue=True) is Transition.EXPIRE


@pytest.mark.parametrize(
    ("issue", "expected"),
    [
        ("ORDER_NOT_APPROVED", dict.fromkeys(("none", "created", "completed"), Transition.RETURN_TO_OPEN)),
        ("INSTRUMENT_DECLINED", dict.fromkeys(("none", "created", "completed"), Transition.TRY_AGAIN)),
        ("ORDER_ALREADY_CAPTURED", dict.fromkeys(("none", "created", "completed"), Transition.KEEP)),
        (
            "SOMETHING_NEW",
            {"none": Transition.EXPIRE, "created": Transition.DECLINE, "completed": Transition.KEEP},
        ),
    ],
)
def test_a_refusal_to_capture_is_believed_if_it_is_about_the_order(issue: str, expected: dict[str, Transition]) -> None:
    """Of an order without a capture."""
    pending = replace(_PAYMENT, status=PaymentStatus.PENDING)
    shown = {
        "none": None,
        "created": _shown(OrderStatus.CREATED, None),
        "completed": _shown(OrderStatus.COMPLETED, None),
    }

    assert {name: decide(pending, order, refusal(issue)) for name, order in shown.items()} == expected


def test_an_order_that_is_still_only_approved_after_the_capture_is_not_captured_in_a_loop() -> None:
    pending = replace(_PAYMENT, status=PaymentStatus.PENDING)

    answered = decide(pending, _shown(OrderStatus.APPROVED, None), Cause.ANSWERED)

    assert answered is Transition.RETURN_TO_OPEN
