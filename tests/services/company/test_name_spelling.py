"""What is conspicuous about how a razón social is spelled."""

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


def test_a_name_as_the_sat_writes_it_is_not_conspicuous() -> None:
    questions = (has_lower_case, has_accents, has_typographic_signs, has_html_entity)

    assert [(name, asks.__name__) for name in PLAIN for asks in questions if asks(name)] == []


def test_accents_are_found() -> None:
    names = ["CAFÉ", "MÉXICO", "Construcción", "A\u0300", "CAÇA", "PEÃ‘A", "ÖSTLUND", "X\u0301"]

    assert [name for name in names if not has_accents(name)] == []


def test_typographic_signs_are_found() -> None:
    names = ["“LA CASA”", "O’HARA", "«SOL»", "A – B", "A—B", "ＳＯＬ", "SOL…", "O´HARA", "A−B", "„SOL‟"]

    assert [name for name in names if not has_typographic_signs(name)] == []


def test_html_entities_are_found_and_do_not_count_as_lower_case() -> None:
    names = ["A &amp; B", "&quot;SOL&quot;", "PE&#209;A", "PE&#xD1;A", "PE&Ntilde;A", "PE&NTILDE;A", "&nbsp;A"]

    assert [name for name in names if not has_html_entity(name)] == []
    assert [name for name in names if has_lower_case(name)] == []


def test_lower_case_is_found() -> None:
    assert has_lower_case("EMMA DíAZ")
