"""The file of plans: what the operator may write, and the sentence for what is wrong."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.common.money import Money
from services.payments.plans import BUNDLED, MAX_PLANS, Plans

_GOOD = """
iva = "0.16"
[[plans]]
id = "uno"
name = { es = "Uno", en = "One" }
price = "100.05"
stamps = 1
months = 1
"""


def _read(tmp_path: Path, text: str) -> Plans:
    file = tmp_path / "plans.toml"
    file.write_text(text, "utf-8")
    return Plans.read(file)


def test_the_bundled_plans_can_be_sold() -> None:
    plans = Plans.read(BUNDLED).all()

    assert len(plans) == 3
    for plan in plans:
        assert plan.total.amount == plan.subtotal.amount * Decimal("1.16")
        assert Plans.read(BUNDLED).get(plan.id) == plan


def test_iva_is_rounded_to_the_centavo_and_the_total_is_the_sum(tmp_path: Path) -> None:
    (plan,) = _read(tmp_path, _GOOD).all()

    assert plan.tax == Money(Decimal("16.01"))
    assert plan.total == Money(Decimal("116.06"))


def test_there_is_no_other_plan(tmp_path: Path) -> None:
    assert _read(tmp_path, _GOOD).get("dos") is None


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('price = "100.05"', "price = 100.05", "plans.0.price"),
        ('price = "100.05"', 'price = "100"', "plans.0.price"),
        ('price = "100.05"', 'price = "-1.00"', "plans.0.price"),
        ('price = "100.05"', 'price = "0.00"', "uno costs nothing"),
        ('iva = "0.16"', 'iva = "16"', "iva"),
        ('id = "uno"', 'id = "Uno Dos"', "plans.0.id"),
        ("stamps = 1", "stamps = 0", "plans.0.stamps"),
        ("months = 1", "months = 121", "plans.0.months"),
        ("months = 1", "", "plans.0.months"),
        (', en = "One"', "", "plans.0.name.en"),
        ("months = 1", "months = 1\ncolour = 1", "plans.0.colour"),
        ("[[plans]]", "[plans]", "plans"),
        (_GOOD, _GOOD + _GOOD.partition("\n[[")[2].join(["\n[[", ""]), "2 plans are called uno"),
        (_GOOD, 'iva = "0.16"\nplans = []', "plans"),
        (_GOOD, "iva", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence_that_says_where(
    tmp_path: Path, before: str, after: str, sentence: str
) -> None:
    assert before in _GOOD

    with pytest.raises(ValueError, match=sentence):
        _read(tmp_path, _GOOD.replace(before, after))


def test_a_file_has_as_many_plans_as_a_document_pays_for_and_no_more(tmp_path: Path) -> None:
    iva, _, plan = _GOOD.partition("[[")
    many = [plan.replace('"uno"', f'"plan-{number}"') for number in range(MAX_PLANS + 1)]

    plans = _read(tmp_path, iva + "".join(f"[[{one}" for one in many[:-1])).all()

    assert len(plans) == MAX_PLANS
    with pytest.raises(ValueError, match="plans: List should have at most"):
        _read(tmp_path, iva + "".join(f"[[{one}" for one in many))


@pytest.mark.parametrize("content", [b"\xff", b"\x00"])
def test_what_is_no_toml_is_refused_too(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plans.toml"
    file.write_bytes(content)

    with pytest.raises(ValueError, match="cannot be read"):
        Plans.read(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Plans.read(tmp_path / "nothing.toml")
