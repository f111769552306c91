"""The razón social and the código postal: what passes, in which form, and which names carry a régimen societario."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.outcomes import FieldErrorCode, ForbiddenCharacter
from services.company.cfdi_text import parse_attribute
from services.company.legal_name import ends_in_legal_form, parse_legal_name
from services.company.postal_code import parse_postal_code

HOSTILE = st.text(st.characters(exclude_categories=())) | st.text(" \t\n\u00a0|\0\x1f\u200b\u0301aÑ", max_size=40)


@pytest.mark.parametrize("name", ["A", "ESCUELA KEMPER URGATE", "Ñandú & Hijos", "L'Été, 3.0 (México) #1", "Ω" * 300])
def test_a_name_passes_as_it_was_typed(name: str) -> None:
    assert parse_legal_name(name) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  ESCUELA   KEMPER\t\r\nURGATE ", "ESCUELA KEMPER URGATE"),
        ("\u00a0ESCUELA\u2003\u3000KEMPER\u2028URGATE\u2029", "ESCUELA KEMPER URGATE"),
        ("NIN\u0303O", "NIÑO"),
        (" " * 1_000 + "A" * 300 + " " * 1_000, "A" * 300),
        ("N\u0303" * 300, "Ñ" * 300),
    ],
)
def test_blanks_are_collapsed_and_letters_composed(typed: str, name: str) -> None:
    assert parse_legal_name(typed) == name


@pytest.mark.parametrize("typed", ["", " ", "\t\n", "\u00a0\u2028", "\u200b", "\u2800\u3164", " " * 5_000])
def test_a_name_must_be_there(typed: str) -> None:
    assert parse_legal_name(typed) is FieldErrorCode.MISSING


@pytest.mark.parametrize(
    "typed", ["A" * 301, "A " * 151, "A" + " " * 5_000 + "A", "A" * 1_000_000, "A" + "\u0301" * 1_000_000]
)
def test_a_name_is_not_too_long(typed: str) -> None:
    assert parse_legal_name(typed) is FieldErrorCode.TOO_LONG


@pytest.mark.parametrize(
    "character",
    [
        pytest.param("|", id="a pipe"),
        pytest.param("\0", id="NUL"),
        pytest.param("\x1b", id="escape"),
        pytest.param("\x1f", id="a separator that Python takes for a blank"),
        pytest.param("\x7f", id="delete"),
        pytest.param("\x85", id="next line"),
        pytest.param("\u00ad", id="a soft hyphen"),
        pytest.param("\u200b", id="a zero-width space"),
        pytest.param("\u202e", id="a right-to-left override"),
        pytest.param("\ufeff", id="a byte order mark"),
        pytest.param("\ue000", id="a private character"),
        pytest.param("\uffff", id="no character"),
        pytest.param("\ud800", id="a high surrogate"),
        pytest.param("\udc00", id="a low surrogate"),
        pytest.param("\u034f", id="a combining grapheme joiner"),
        pytest.param("\u115f", id="a Hangul choseong filler"),
        pytest.param("\u1160", id="a Hangul jungseong filler"),
        pytest.param("\u17b4", id="a Khmer inherent vowel"),
        pytest.param("\u180b", id="a Mongolian variation selector"),
        pytest.param("\u180f", id="the fourth of them"),
        pytest.param("\u2065", id="a default ignorable that is not assigned"),
        pytest.param("\u2800", id="a blank Braille pattern"),
        pytest.param("\u3164", id="a Hangul filler"),
        pytest.param("\ufe0f", id="a variation selector"),
        pytest.param("\uffa0", id="a halfwidth Hangul filler"),
        pytest.param("\U000e01ef", id="the last variation selector"),
    ],
)
@pytest.mark.parametrize("place", ["{}ESCUELA", "ESC{}UELA", "ESCUELA{}"])
def test_what_a_cfdi_cannot_carry_is_refused(character: str, place: str) -> None:
    named = "«|»" if character == "|" else f"U+{ord(character):04X}"

    assert parse_legal_name(place.format(character)) == ForbiddenCharacter(named)


@pytest.mark.parametrize("typed", ["\u0301A", " \u0301A", "\u00a0\u20dd", "\u0903A"])
def test_a_name_does_not_begin_with_a_mark_that_combines_with_nothing(typed: str) -> None:
    assert isinstance(parse_legal_name(typed), ForbiddenCharacter)


@given(typed=HOSTILE)
def test_whatever_is_typed_the_name_is_clean_or_refused(typed: str) -> None:
    name = parse_legal_name(typed)

    if isinstance(name, str):
        assert 1 <= len(name) <= 300
        assert name == unicodedata.normalize("NFC", name) == " ".join(name.split())
        assert not any(c == "|" or unicodedata.category(c)[0] == "C" for c in name)
        assert name.encode()
        assert parse_legal_name(name) == name


@given(typed=HOSTILE)
def test_any_name_can_be_looked_at_for_a_legal_form(typed: str) -> None:
    assert ends_in_legal_form(typed) in {True, False}


def test_an_attribute_may_be_empty() -> None:
    assert parse_attribute(" \n", 25) == ""


@pytest.mark.parametrize(
    "form",
    [
        *("S.A. de C.V.", "S.A. DE C.V", "SA DE CV", "sa de cv", "S. A. de C. V.", "S A D E C V", "S.A.de C.V."),
        *("S.A.", "SA", "S. A.", "S.A.B.", "S.A.B. de C.V.", "SAB DE CV", "S.A.P.I.", "S.A.P.I. de C.V.", "SAPI DE CV"),
        *("S.A.P.I.B. de C.V.", "S.A.S.", "SAS", "S.A.S. de C.V.", "S. de R.L.", "S DE RL", "S. de R.L. de C.V."),
        *(
            "S DE RL DE CV",
            "S. DE R. L. DE C. V.",
            "SRL de CV",
            "RL DE CV",
            "S. de R.L. M.I.",
            "S. de R.L. de I.P. de C.V.",
        ),
        *(
            "S.C.",
            "SC",
            "s. c.",
            "A.C.",
            "AC",
            "S. en C.",
            "S EN C",
            "S. en C. de C.V.",
            "S. en C. por A.",
            "S. en N.C.",
        ),
        *("S.C. de R.L.", "SC DE RL DE CV", "S.C. de R.L. de C.V.", "S.C. de P. de R.L. de C.V.", "S.C.L."),
        *("S.C. de A.P. de R.L. de C.V.", "S.P.R. de R.L.", "SPR DE RL DE CV", "S.P.R. de R.I.", "S.S.S.", "A.R.I.C."),
        *("I.A.P.", "IAP", "A.B.P.", "I.B.P.", "S.N.C.", "A.R.", "A. en P."),
        *("S.A. de C.V., SOFOM, E.N.R.", "SAPI DE CV SOFOM ENR", "S.A. de C.V. SOFOM E.R.", "SA DE CV SFP"),
        *("SOCIEDAD ANÓNIMA", "Sociedad Anonima de Capital Variable", "SOCIEDAD ANÓNIMA BURSÁTIL DE CAPITAL VARIABLE"),
        *("Sociedad Anónima Promotora de Inversión de Capital Variable", "Sociedad por Acciones Simplificada"),
        *("Sociedad de Responsabilidad Limitada de Capital Variable", "Sociedad Civil", "ASOCIACIÓN CIVIL"),
        *("Sociedad en Comandita Simple", "Sociedad en Nombre Colectivo", "Institución de Asistencia Privada"),
        *("Sociedad Cooperativa de Responsabilidad Limitada de Capital Variable", "Sociedad de Producción Rural"),
        "Sociedad Anónima de Capital Variable, Sociedad Financiera de Objeto Múltiple, Entidad No Regulada",
        *("(S.A. de C.V.)", "(SA)", "/ SA DE CV", "– S.A. de C.V.", "— SC", "- A.C.", "-S.A.", "S.A. - de C.V."),
        *("SA CV", "S.A., C.V.", "SAPI CV", "S de RL CV"),
        *("S.A. de C.V. en liquidación", "SA DE CV, EN LIQUIDACION", "A.C. (en liquidación)", "S.C. - En Liquidación"),
        *("S.A., Institución de Banca Múltiple", "SA DE CV CASA DE BOLSA", "S.A. de C.V., Casa de Bolsa"),
        *("S.A., Institución de Banca Múltiple, Grupo Financiero Ñandú", "SA DE CV CASA DE BOLSA GRUPO FINANCIERO X Y"),
        "S.N.C., Institución de Banca de Desarrollo",
    ],
)
@pytest.mark.parametrize("name", ["ESCUELA KEMPER URGATE {}", "Comercial Ñandú, {}", "Pérez y Cía; {} "])
def test_a_name_that_ends_in_a_regimen_societario_is_noticed(name: str, form: str) -> None:
    assert ends_in_legal_form(name.format(form))
    assert ends_in_legal_form(unicodedata.normalize("NFD", name.format(form)))
    assert ends_in_legal_form(name.format(form).upper())


@pytest.mark.parametrize(
    "name", ["B S.A. de C.V.", "B S A DE C V", "B S.A.", "GRUPO B SC", "A S.A. de C.V.", "A y B, A.C."]
)
def test_a_name_may_end_in_a_letter_before_it(name: str) -> None:
    assert ends_in_legal_form(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PISA",
            "TESA",
            "GRUPO PISA",
            "Laboratorios PISA",
            "GRUPO TESA",
            "P.I.S.A.",
            "Grupo T.E.S.A.",
            "P I S A",
            "CASA",
        ),
        *(
            "MI CASA",
            "Constructora CESAC",
            "Vidrios Sanmac",
            "SOCIEDADES MEXICANAS",
            "Transportes MASA",
            "Grupo IUSACV",
        ),
        *("SA", "S.A.", "SC", "AC", "S.A. de C.V.", "SA DE CV", "Sociedad Anónima de Capital Variable", "A.C."),
        *(
            "SA DE CV CONSULTORES",
            "AC DELCO",
            "S.C. JOHNSON",
            "SAS INSTITUTE",
            "S. de R.L. Publicaciones",
            "SAPI DEL NORTE",
        ),
        *("Gobierno y Sociedad Civil", "Fundación para la Asociación Civil", "Instituto de la Sociedad Civil"),
        *("Impresión de CV", "Curriculum CV", "CV", "Asesoría en C.V.", "Grupo DE CV", "Banco X, Grupo Financiero X"),
        *(
            "Servicios de RL",
            "Capital Variable",
            "Sociedad",
            "Asociación",
            "ESCUELA KEMPER URGATE",
            "",
            " ",
            ".",
            ",",
            "...",
        ),
        *(
            "Fiesta",
            "MESA DE CV",
            "BRISA DE C.V.",
            "Radio FMSC",
            "VISA",
            "FARMACIA S",
            "Vitamina C",
            "Plan A",
            "S",
            "A C",
        ),
        *("Refrigeración y A/C", "Servicio de A/C", "Grupo CD-AC", "Toyo-SA", "COCA-COLA", "Inversores DC/AC", "AC/DC"),
        *("Banco X, Institución de Banca Múltiple", "X Casa de Bolsa", "Mi Casa de Bolsa Grupo Financiero SA X"),
        *("Negocio en liquidación", "SA en liquidación", "En liquidación", "(SA)", "- S.A.", "/", "–", "( )"),
        *("Currículum y CV", "Grupo SA CVS", "SA CV", "La Institución de Banca Múltiple"),
    ],
)
def test_a_name_that_merely_looks_like_it_is_not(name: str) -> None:
    assert not ends_in_legal_form(name)
    assert not ends_in_legal_form(name.upper())


@pytest.mark.parametrize("typed", ["26015", "00000", "01000", " 26015\n"])
def test_five_digits_are_a_codigo_postal(typed: str) -> None:
    assert parse_postal_code(typed) == typed.strip()


@pytest.mark.parametrize("typed", ["26 015", "２６０１５", "٢٦٠١٥", "\ufeff26015\u200b", "26\u00a0015.", "“26015”"])
def test_they_are_so_however_they_are_pasted(typed: str) -> None:
    assert parse_postal_code(typed) == "26015"


@pytest.mark.parametrize("typed", ["2601", "260150", "2601O", "26-15", "2" * 1_000_000, "２" * 1_000_000])
def test_nothing_else_is(typed: str) -> None:
    assert parse_postal_code(typed) is FieldErrorCode.MALFORMED


@pytest.mark.parametrize(("typed", "character"), [("26015\0", "U+0000"), ("2601О", "«О» (U+041E)")])
def test_a_character_that_may_be_taken_for_another_is_named(typed: str, character: str) -> None:
    assert parse_postal_code(typed) == ForbiddenCharacter(character)


@pytest.mark.parametrize("typed", ["", " ", "\t\n", "\u200b", "\u200b\u00a0"])
def test_a_blank_codigo_postal_is_missing(typed: str) -> None:
    assert parse_postal_code(typed) is FieldErrorCode.MISSING
