"""The file of plans: what the operator may write, and the sentence for each mistake."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from services.common.money import Money
from services.payments.plans import BUNDLED, MAX_PLANS, Plans
from tests.refusals import refusal

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


def test_an_unknown_id_finds_no_plan(tmp_path: Path) -> None:
    assert _read(tmp_path, _GOOD).get("dos") is None


def test_a_wrong_file_is_refused_with_a_sentence_that_names_the_place(tmp_path: Path) -> None:
    mistakes = [
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
        ("months = 1", "months = 1\ncolor = 1", "plans.0.color"),
        ("[[plans]]", "[plans]", "plans"),
        (_GOOD, _GOOD + _GOOD.partition("\n[[")[2].join(["\n[[", ""]), "2 plans are called uno"),
        (_GOOD, 'iva = "0.16"\nplans = []', "plans"),
        (_GOOD, "iva", "cannot be read"),
    ]

    refused = {(before, after): refusal(_read, tmp_path, _GOOD.replace(before, after)) for before, after, _ in mistakes}

    assert [before for before, _, _ in mistakes if before not in _GOOD] == []
    assert [mistake for mistake in mistakes if not re.search(mistake[2], refused[mistake[:2]])] == []


def test_a_file_has_at_most_as_many_plans_as_a_document_is_charged_for(tmp_path: Path) -> None:
    iva, _, plan = _GOOD.partition("[[")
    many = [plan.replace('"uno"', f'"plan-{number}"') for number in range(MAX_PLANS + 1)]

    plans = _read(tmp_path, iva + "".join(f"[[{one}" for one in many[:-1])).all()

    assert len(plans) == MAX_PLANS
    with pytest.raises(ValueError, match="plans: List should have at most"):
        _read(tmp_path, iva + "".join(f"[[{one}" for one in many))


def test_a_file_that_is_no_toml_or_missing_is_refused(tmp_path: Path) -> None:
    for name, content in (("latin", b"\xff"), ("binary", b"\x00")):
        (tmp_path / name).write_bytes(content)

    refused = [refusal(Plans.read, tmp_path / name) for name in ("latin", "binary", "nothing.toml")]

    assert [sentence for sentence in refused if "cannot be read" not in sentence] == []
