"""What PayPal refuses in an order."""

import re
from decimal import Decimal

from app.development.paypal.replies import Json, Reply, invalid, unprocessable

_VALUE = re.compile(r"-?[0-9]+|-?[0-9]*\.[0-9]+")
_TEXTS = {"reference_id": 256, "description": 127, "custom_id": 127, "invoice_id": 127}
_CURRENCIES = {"MXN", "USD", "EUR"}


def refusal_of(request: Json, request_id: str | None) -> Reply | None:
    """What is wrong with an order of one unit, which is all that these books know."""
    if "payment_source" in request and not request_id:
        return invalid("PAYPAL_REQUEST_ID_REQUIRED", "A PayPal-Request-Id is required.")
    units = request.get("purchase_units")
    if request.get("intent") != "CAPTURE" or not isinstance(units, list) or len(units) != 1:
        return invalid("MISSING_REQUIRED_PARAMETER", "A required field / parameter is missing.")
    unit = units[0]
    if any(not 1 <= len(unit[name]) <= longest for name, longest in _TEXTS.items() if name in unit):
        return invalid("INVALID_STRING_LENGTH", "The value of a field is either too short or too long.")
    amount, items = unit.get("amount", {}), unit.get("items", [])
    breakdown = amount.get("breakdown", {})
    every = [amount, *breakdown.values(), *(each[part] for each in items for part in ("unit_amount", "tax"))]
    return _check_amounts(every) or _check_sums(amount, breakdown, items)


def _check_amounts(amounts: list[Json]) -> Reply | None:
    for each in amounts:
        value, currency = each.get("value"), each.get("currency_code")
        if not isinstance(value, str) or not _VALUE.fullmatch(value) or not re.fullmatch("[A-Z]{3}", str(currency)):
            return invalid("INVALID_PARAMETER_SYNTAX", "The value of a field does not conform to the expected format.")
        if currency not in _CURRENCIES:
            return unprocessable("INVALID_CURRENCY_CODE", "Currency code is invalid or is not currently supported.")
        if len(value.partition(".")[2]) > 2:
            return unprocessable("DECIMAL_PRECISION", "Only two decimal place precision is supported.")
    if Decimal(amounts[0]["value"]) <= 0:
        return unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", "Must be greater than zero.")
    return None


def _check_sums(amount: Json, breakdown: Json, items: list[Json]) -> Reply | None:
    def total(part: str) -> Decimal:
        return Decimal(breakdown.get(part, {}).get("value", "0"))

    if breakdown and Decimal(amount["value"]) != total("item_total") + total("tax_total"):
        return unprocessable("AMOUNT_MISMATCH", "Should equal item_total + tax_total.")
    for part, of, issue in (("item_total", "unit_amount", "ITEM"), ("tax_total", "tax", "TAX")):
        if items and total(part) != sum(Decimal(each[of]["value"]) * int(each["quantity"]) for each in items):
            return unprocessable(f"{issue}_TOTAL_MISMATCH", "Should equal the sum across all items.")
    return None
