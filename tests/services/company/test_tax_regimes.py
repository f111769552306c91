"""The SAT's catalogue of tax regimes: its shape, and who may have what."""

import re
import tomllib
from datetime import date
from pathlib import Path

from services.accounts.rfc import TaxpayerType
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter
from services.company.tax_regimes import MAX_TAX_REGIMES, parse_tax_regime, tax_regimes

FISICA, MORAL = TaxpayerType.PERSONA_FISICA, TaxpayerType.PERSONA_MORAL
FILE = Path(__file__).parents[3] / "services/company/tax_regimes.toml"
CATALOGUE = tomllib.loads(FILE.read_text("utf-8"))


def test_the_catalogue_states_its_source_and_date() -> None:
    assert CATALOGUE.keys() == {"source", "version", "date", "regime"}
    assert "c_RegimenFiscal" in CATALOGUE["source"]
    assert CATALOGUE["version"] == "4.0"
    assert date(2022, 1, 1) < CATALOGUE["date"]


def test_a_row_has_a_code_a_description_and_a_kind_of_taxpayer() -> None:
    rows = CATALOGUE["regime"]

    assert [row for row in rows if not re.fullmatch(r"6[0-9]{2}", row["code"])] == []
    assert [row for row in rows if not row["description"].strip() == row["description"] != ""] == []
    assert [
        row for row in rows if row.keys() - {"code", "description"} not in ({"fisica"}, {"moral"}, {"fisica", "moral"})
    ] == []
    assert all(row.get("fisica", True) is True and row.get("moral", True) is True for row in rows)


def test_the_codes_are_sorted_and_unique() -> None:
    codes = [row["code"] for row in CATALOGUE["regime"]]

    assert codes == sorted(set(codes))


def test_a_document_is_charged_for_as_many_as_there_are() -> None:
    assert len(tax_regimes()) == len(CATALOGUE["regime"]) == MAX_TAX_REGIMES


def test_each_kind_of_taxpayer_has_its_own_codes_and_both_share_some() -> None:
    fisica = {regime.code for regime in tax_regimes(FISICA)}
    moral = {regime.code for regime in tax_regimes(MORAL)}

    assert fisica & moral == {"610", "626"}
    assert moral - fisica == {"601", "603", "620", "622", "623", "624"}
    assert fisica | moral == {regime.code for regime in tax_regimes()}


def test_a_code_for_this_kind_of_taxpayer_passes() -> None:
    codes = [("601", MORAL), ("612", FISICA), ("626", FISICA), ("626", MORAL), (" 601\n", MORAL)]

    assert [(typed, kind) for typed, kind in codes if parse_tax_regime(typed, kind) != typed.strip()] == []


def test_a_code_for_the_other_kind_of_taxpayer_is_refused() -> None:
    codes = [("601", FISICA), ("612", MORAL), ("605", MORAL), ("622", FISICA)]

    assert [parse_tax_regime(typed, kind) for typed, kind in codes] == [FieldErrorCode.NOT_FOR_TAXPAYER_TYPE] * 4


def test_a_code_is_recognized_however_it_is_pasted() -> None:
    pasted = ["6 01", "٦٠１", "\u200b601\u00a0", "601."]

    assert [typed for typed in pasted if parse_tax_regime(typed, MORAL) != "601"] == []


def test_a_character_that_may_be_mistaken_for_a_digit_is_named() -> None:
    named = {
        "601\0": "U+0000",
        "\ud800": "U+D800",
        "6О1": "«О» (U+041E)",
    }

    assert {typed: parse_tax_regime(typed, MORAL) for typed in named} == {
        typed: ForbiddenCharacter(character) for typed, character in named.items()
    }


def test_a_code_that_the_catalogue_lacks_is_refused() -> None:
    unknown = ["602", "609", "628", "6O1", "0601", "6" * 100_000]

    assert [
        typed[:9] for typed in unknown if parse_tax_regime(typed, MORAL) is not FieldErrorCode.NOT_IN_CATALOGUE
    ] == []


def test_a_blank_code_is_missing() -> None:
    assert [parse_tax_regime(typed, MORAL) for typed in ("", " ", "\n")] == [FieldErrorCode.MISSING] * 3
