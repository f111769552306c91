"""The tests' PayPal refuses what PayPal refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from app.development.paypal.books import Books
from app.development.paypal.replies import Json, Reply


def order() -> Json:
    def pesos(value: str) -> Json:
        return {"currency_code": "MXN", "value": value}

    item = {"name": "Plan", "quantity": "1", "unit_amount": pesos("100.00"), "tax": pesos("16.00")}
    breakdown = {"item_total": pesos("100.00"), "tax_total": pesos("16.00")}
    unit = {"invoice_id": "INV-1", "amount": {**pesos("116.00"), "breakdown": breakdown}, "items": [item]}
    return {"intent": "CAPTURE", "purchase_units": [unit], "payment_source": {"paypal": {}}}


def issue(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.body["details"][0]["issue"]


def test_a_sound_order_is_created_once_for_repeated_requests() -> None:
    books = Books()

    replies = [books.once("/v2/checkout/orders", "one", lambda: books.create(order(), "one")) for _ in range(2)]

    assert [reply.status for reply in replies] == [201, 200]
    assert replies[0].body == replies[1].body


def test_an_unsound_order_is_refused() -> None:
    spoiled: list[tuple[Callable[[Any], None], int, str]] = [
        (lambda unit: unit["amount"].update(value="116.01"), 422, "AMOUNT_MISMATCH"),
        (lambda unit: unit["items"][0].update(quantity="2"), 422, "ITEM_TOTAL_MISMATCH"),
        (lambda unit: unit["items"][0]["tax"].update(value="15.00"), 422, "TAX_TOTAL_MISMATCH"),
        (lambda unit: unit["amount"].update(value="116.001"), 422, "DECIMAL_PRECISION"),
        (lambda unit: unit["amount"].update(value="0.00"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (lambda unit: unit["amount"].update(value="-1"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (lambda unit: unit["amount"].update(currency_code="XXX"), 422, "INVALID_CURRENCY_CODE"),
        (lambda unit: unit["amount"].update(currency_code="mxn"), 400, "INVALID_PARAMETER_SYNTAX"),
        (lambda unit: unit["amount"].update(value="1,160"), 400, "INVALID_PARAMETER_SYNTAX"),
        (lambda unit: unit["amount"].update(value=116.0), 400, "INVALID_PARAMETER_SYNTAX"),
        (lambda unit: unit.update(custom_id="A" * 128), 400, "INVALID_STRING_LENGTH"),
    ]

    issues = []
    for spoil, _, _ in spoiled:
        request = order()
        spoil(request["purchase_units"][0])
        issues.append(issue(Books().create(request, "one")))

    assert issues == [(status, named) for _, status, named in spoiled]


def test_a_payment_source_needs_a_request_id() -> None:
    assert issue(Books().create(order(), None)) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


@pytest.mark.parametrize(("keeps", "status"), [(True, 422), (False, 201)])
def test_a_refusal_is_kept_if_the_test_wants_it(keeps: bool, status: int) -> None:
    books = Books(keeps_refusals=keeps)
    made = books.create(order(), "one").body["id"]
    books.once("capture", "two", lambda: books.capture(made))
    books.orders[made]["status"] = "APPROVED"

    reply = books.once("capture", "two", lambda: books.capture(made))

    assert reply.status == status
