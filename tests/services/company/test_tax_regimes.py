"""The SAT's catalogue of tax regimes: its shape, and who may have what."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from services.accounts.rfc import TaxpayerType
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter
from services.company.tax_regimes import MAX_TAX_REGIMES, parse_tax_regime, tax_regimes

FISICA, MORAL = TaxpayerType.PERSONA_FISICA, TaxpayerType.PERSONA_MORAL
FILE = Path(__file__).parents[3] / "services/company/tax_regimes.toml"
CATALOGUE = tomllib.loads(FILE.read_text("utf-8"))


def test_the_catalogue_says_where_it_is_from_and_of_when() -> None:
    assert CATALOGUE.keys() == {"source", "version", "date", "regime"}
    assert "c_RegimenFiscal" in CATALOGUE["source"]
    assert CATALOGUE["version"] == "4.0"
    assert date(2022, 1, 1) < CATALOGUE["date"]


def test_a_row_has_a_code_a_description_and_somebody_whom_it_is_for() -> None:
    rows = CATALOGUE["regime"]

    assert [row for row in rows if not re.fullmatch(r"6[0-9]{2}", row["code"])] == []
    assert [row for row in rows if not row["description"].strip() == row["description"] != ""] == []
    assert [
        row for row in rows if row.keys() - {"code", "description"} not in ({"fisica"}, {"moral"}, {"fisica", "moral"})
    ] == []
    assert all(row.get("fisica", True) is True and row.get("moral", True) is True for row in rows)


def test_the_codes_are_in_their_order_and_each_is_there_once() -> None:
    codes = [row["code"] for row in CATALOGUE["regime"]]

    assert codes == sorted(set(codes))


def test_a_document_pays_for_as_many_as_there_are() -> None:
    assert len(tax_regimes()) == len(CATALOGUE["regime"]) == MAX_TAX_REGIMES


def test_each_kind_of_taxpayer_has_its_own_and_some_have_both() -> None:
    fisica = {regime.code for regime in tax_regimes(FISICA)}
    moral = {regime.code for regime in tax_regimes(MORAL)}

    assert fisica & moral == {"610", "626"}
    assert moral - fisica == {"601", "603", "620", "622", "623", "624"}
    assert fisica | moral == {regime.code for regime in tax_regimes()}


@pytest.mark.parametrize(
    ("typed", "kind"), [("601", MORAL), ("612", FISICA), ("626", FISICA), ("626", MORAL), (" 601\n", MORAL)]
)
def test_a_code_for_this_kind_of_taxpayer_passes(typed: str, kind: TaxpayerType) -> None:
    assert parse_tax_regime(typed, kind) == typed.strip()


@pytest.mark.parametrize(("typed", "kind"), [("601", FISICA), ("612", MORAL), ("605", MORAL), ("622", FISICA)])
def test_a_code_for_the_other_kind_does_not(typed: str, kind: TaxpayerType) -> None:
    assert parse_tax_regime(typed, kind) is FieldErrorCode.NOT_FOR_TAXPAYER_TYPE


@pytest.mark.parametrize("typed", ["6 01", "٦٠１", "\u200b601\u00a0", "601."])
def test_a_code_is_known_however_it_is_pasted(typed: str) -> None:
    assert parse_tax_regime(typed, MORAL) == "601"


@pytest.mark.parametrize(("typed", "character"), [("601\0", "U+0000"), ("\ud800", "U+D800"), ("6О1", "«О» (U+041E)")])
def test_a_character_that_may_be_taken_for_another_is_named(typed: str, character: str) -> None:
    assert parse_tax_regime(typed, MORAL) == ForbiddenCharacter(character)


@pytest.mark.parametrize("typed", ["602", "609", "628", "6O1", "0601", "6" * 1_000_000])
def test_what_is_not_in_the_catalogue_is_said_to_be_so(typed: str) -> None:
    assert parse_tax_regime(typed, MORAL) is FieldErrorCode.NOT_IN_CATALOGUE


@pytest.mark.parametrize("typed", ["", " ", "\n"])
def test_a_blank_is_missing(typed: str) -> None:
    assert parse_tax_regime(typed, MORAL) is FieldErrorCode.MISSING
