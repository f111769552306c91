"""What is conspicuous about how a razón social is spelled."""

import pytest

from services.company.name_spelling import has_accents, has_html_entity, has_lower_case, has_typographic_signs

PLAIN = [
    "ESCUELA KEMPER URGATE",
    "DISEÑOS Y MUÑECAS",
    "GÜEMES & HIJOS",
    "O'HARA",
    'LA "CASA"',
    "COCA-COLA",
    "H&M; S",
    "3.1416",
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_as_the_sat_writes_it_is_not_conspicuous(name: str) -> None:
    assert not has_lower_case(name)
    assert not has_accents(name)
    assert not has_typographic_signs(name)
    assert not has_html_entity(name)


@pytest.mark.parametrize("name", ["CAFÉ", "MÉXICO", "Construcción", "A\u0300", "CAÇA", "PEÃ‘A", "ÖSTLUND", "X\u0301"])
def test_accents_are_found(name: str) -> None:
    assert has_accents(name)


@pytest.mark.parametrize(
    "name", ["“LA CASA”", "O’HARA", "«SOL»", "A – B", "A—B", "ＳＯＬ", "SOL…", "O´HARA", "A−B", "„SOL‟"]
)
def test_typographic_signs_are_found(name: str) -> None:
    assert has_typographic_signs(name)


@pytest.mark.parametrize(
    "name", ["A &amp; B", "&quot;SOL&quot;", "PE&#209;A", "PE&#xD1;A", "PE&Ntilde;A", "PE&NTILDE;A", "&nbsp;A"]
)
def test_html_entities_are_found_and_are_no_small_letters(name: str) -> None:
    assert has_html_entity(name)
    assert not has_lower_case(name)


def test_small_letters_are_found() -> None:
    assert has_lower_case("EMMA DíAZ")
