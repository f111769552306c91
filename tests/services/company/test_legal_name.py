"""The razón social and the código postal: what passes, in which form, and which names carry a régimen societario."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from services.common.outcomes import FieldErrorCode, ForbiddenCharacter
from services.company.cfdi_text import parse_attribute
from services.company.legal_name import ends_in_legal_form, parse_legal_name
from services.company.postal_code import parse_postal_code

HOSTILE = st.text(st.characters(exclude_categories=())) | st.text(" \t\n\u00a0|\0\x1f\u200b\u0301aÑ", max_size=40)


def test_a_name_passes_as_it_was_typed() -> None:
    names = ["A", "ESCUELA KEMPER URGATE", "Ñandú & Hijos", "L'Été, 3.0 (México) #1", "Ω" * 300]

    assert [name for name in names if parse_legal_name(name) != name] == []


def test_spaces_are_collapsed_and_letters_composed() -> None:
    names = {
        "  ESCUELA   KEMPER\t\r\nURGATE ": "ESCUELA KEMPER URGATE",
        "\u00a0ESCUELA\u2003\u3000KEMPER\u2028URGATE\u2029": "ESCUELA KEMPER URGATE",
        "NIN\u0303O": "NIÑO",
        " " * 1_000 + "A" * 300 + " " * 1_000: "A" * 300,
        "N\u0303" * 300: "Ñ" * 300,
    }

    assert {typed: parse_legal_name(typed) for typed in names} == names


def test_a_blank_name_is_missing() -> None:
    blank = ["", " ", "\t\n", "\u00a0\u2028", "\u200b", "\u2800\u3164", " " * 5_000]

    assert [typed for typed in blank if parse_legal_name(typed) is not FieldErrorCode.MISSING] == []


def test_a_name_has_at_most_300_characters() -> None:
    long = ["A" * 301, "A " * 151, "A" + " " * 5_000 + "A", "A" * 1_000_000, "A" + "\u0301" * 1_000_000]

    assert [typed[:9] for typed in long if parse_legal_name(typed) is not FieldErrorCode.TOO_LONG] == []


def test_a_character_that_a_cfdi_cannot_carry_is_refused() -> None:
    forbidden = [
        "|",  # a pipe
        "\0",  # NUL
        "\x1b",  # escape
        "\x1f",  # a separator that Python takes for a blank
        "\x7f",  # delete
        "\x85",  # next line
        "\u00ad",  # a soft hyphen
        "\u200b",  # a zero-width space
        "\u202e",  # a right-to-left override
        "\ufeff",  # a byte order mark
        "\ue000",  # a private character
        "\uffff",  # no character
        "\ud800",  # a high surrogate
        "\udc00",  # a low surrogate
        "\u034f",  # a combining grapheme joiner
        "\u115f",  # a Hangul choseong filler
        "\u1160",  # a Hangul jungseong filler
        "\u17b4",  # a Khmer inherent vowel
        "\u180b",  # a Mongolian variation selector
        "\u180f",  # the fourth of them
        "\u2065",  # a default ignorable that is not assigned
        "\u2800",  # a blank Braille pattern
        "\u3164",  # a Hangul filler
        "\ufe0f",  # a variation selector
        "\uffa0",  # a halfwidth Hangul filler
        "\U000e01ef",  # the last variation selector
    ]
    places = ["{}ESCUELA", "ESC{}UELA", "ESCUELA{}"]

    typed = {place.format(character): character for character in forbidden for place in places}

    refused = {name: parse_legal_name(name) for name in typed}
    assert refused == {name: ForbiddenCharacter(_named(character)) for name, character in typed.items()}


def test_a_name_does_not_begin_with_a_combining_mark() -> None:
    names = ["\u0301A", " \u0301A", "\u00a0\u20dd", "\u0903A"]

    assert [typed for typed in names if not isinstance(parse_legal_name(typed), ForbiddenCharacter)] == []


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
def test_any_text_can_be_checked_for_a_legal_form(typed: str) -> None:
    assert ends_in_legal_form(typed) in {True, False}


def test_an_attribute_may_be_empty() -> None:
    assert parse_attribute(" \n", 25) == ""


def test_a_name_that_ends_in_a_regimen_societario_is_noticed() -> None:
    forms = [
        "S.A. de C.V.",
        "S.A. DE C.V",
        "SA DE CV",
        "sa de cv",
        "S. A. de C. V.",
        "S A D E C V",
        "S.A.de C.V.",
        "S.A.",
        "SA",
        "S. A.",
        "S.A.B.",
        "S.A.B. de C.V.",
        "SAB DE CV",
        "S.A.P.I.",
        "S.A.P.I. de C.V.",
        "SAPI DE CV",
        "S.A.P.I.B. de C.V.",
        "S.A.S.",
        "SAS",
        "S.A.S. de C.V.",
        "S. de R.L.",
        "S DE RL",
        "S. de R.L. de C.V.",
        "S DE RL DE CV",
        "S. DE R. L. DE C. V.",
        "SRL de CV",
        "RL DE CV",
        "S. de R.L. M.I.",
        "S. de R.L. de I.P. de C.V.",
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
        "S.C. de R.L.",
        "SC DE RL DE CV",
        "S.C. de R.L. de C.V.",
        "S.C. de P. de R.L. de C.V.",
        "S.C.L.",
        "S.C. de A.P. de R.L. de C.V.",
        "S.P.R. de R.L.",
        "SPR DE RL DE CV",
        "S.P.R. de R.I.",
        "S.S.S.",
        "A.R.I.C.",
        "I.A.P.",
        "IAP",
        "A.B.P.",
        "I.B.P.",
        "S.N.C.",
        "A.R.",
        "A. en P.",
        "S.A. de C.V., SOFOM, E.N.R.",
        "SAPI DE CV SOFOM ENR",
        "S.A. de C.V. SOFOM E.R.",
        "SA DE CV SFP",
        "SOCIEDAD ANÓNIMA",
        "Sociedad Anonima de Capital Variable",
        "SOCIEDAD ANÓNIMA BURSÁTIL DE CAPITAL VARIABLE",
        "Sociedad Anónima Promotora de Inversión de Capital Variable",
        "Sociedad por Acciones Simplificada",
        "Sociedad de Responsabilidad Limitada de Capital Variable",
        "Sociedad Civil",
        "ASOCIACIÓN CIVIL",
        "Sociedad en Comandita Simple",
        "Sociedad en Nombre Colectivo",
        "Institución de Asistencia Privada",
        "Sociedad Cooperativa de Responsabilidad Limitada de Capital Variable",
        "Sociedad de Producción Rural",
        "Sociedad Anónima de Capital Variable, Sociedad Financiera de Objeto Múltiple, Entidad No Regulada",
        "(S.A. de C.V.)",
        "(SA)",
        "/ SA DE CV",
        "– S.A. de C.V.",
        "— SC",
        "- A.C.",
        "-S.A.",
        "S.A. - de C.V.",
        "SA CV",
        "S.A., C.V.",
        "SAPI CV",
        "S de RL CV",
        "S.A. de C.V. en liquidación",
        "SA DE CV, EN LIQUIDACION",
        "A.C. (en liquidación)",
        "S.C. - En Liquidación",
        "S.A., Institución de Banca Múltiple",
        "SA DE CV CASA DE BOLSA",
        "S.A. de C.V., Casa de Bolsa",
        "S.A., Institución de Banca Múltiple, Grupo Financiero Ñandú",
        "SA DE CV CASA DE BOLSA GRUPO FINANCIERO X Y",
        "S.N.C., Institución de Banca de Desarrollo",
    ]
    names = ["ESCUELA KEMPER URGATE {}", "Comercial Ñandú, {}", "Pérez y Cía; {} "]

    typed = [name.format(form) for form in forms for name in names]

    ways = [*typed, *map(str.upper, typed), *(unicodedata.normalize("NFD", name) for name in typed)]
    assert [name for name in ways if not ends_in_legal_form(name)] == []


def test_a_regimen_societario_is_noticed_after_a_single_letter() -> None:
    names = ["B S.A. de C.V.", "B S A DE C V", "B S.A.", "GRUPO B SC", "A S.A. de C.V.", "A y B, A.C."]

    assert [name for name in names if not ends_in_legal_form(name)] == []


def test_a_name_that_only_resembles_one_is_not_noticed() -> None:
    names = [
        "PISA",
        "TESA",
        "GRUPO PISA",
        "Laboratorios PISA",
        "GRUPO TESA",
        "P.I.S.A.",
        "Grupo T.E.S.A.",
        "P I S A",
        "CASA",
        "MI CASA",
        "Constructora CESAC",
        "Vidrios Sanmac",
        "SOCIEDADES MEXICANAS",
        "Transportes MASA",
        "Grupo IUSACV",
        "SA",
        "S.A.",
        "SC",
        "AC",
        "S.A. de C.V.",
        "SA DE CV",
        "Sociedad Anónima de Capital Variable",
        "A.C.",
        "SA DE CV CONSULTORES",
        "AC DELCO",
        "S.C. JOHNSON",
        "SAS INSTITUTE",
        "S. de R.L. Publicaciones",
        "SAPI DEL NORTE",
        "Gobierno y Sociedad Civil",
        "Fundación para la Asociación Civil",
        "Instituto de la Sociedad Civil",
        "Impresión de CV",
        "Curriculum CV",
        "CV",
        "Asesoría en C.V.",
        "Grupo DE CV",
        "Banco X, Grupo Financiero X",
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
        "Refrigeración y A/C",
        "Servicio de A/C",
        "Grupo CD-AC",
        "Toyo-SA",
        "COCA-COLA",
        "Inversores DC/AC",
        "AC/DC",
        "Banco X, Institución de Banca Múltiple",
        "X Casa de Bolsa",
        "Mi Casa de Bolsa Grupo Financiero SA X",
        "Negocio en liquidación",
        "SA en liquidación",
        "En liquidación",
        "(SA)",
        "- S.A.",
        "/",
        "–",
        "( )",
        "Currículum y CV",
        "Grupo SA CVS",
        "SA CV",
        "La Institución de Banca Múltiple",
    ]

    assert [name for name in [*names, *map(str.upper, names)] if ends_in_legal_form(name)] == []


def test_five_digits_are_a_codigo_postal_however_they_are_pasted() -> None:
    codes = {
        "26015": "26015",
        "00000": "00000",
        "01000": "01000",
        " 26015\n": "26015",
        "26 015": "26015",
        "２６０１５": "26015",
        "٢٦٠١٥": "26015",
        "\ufeff26015\u200b": "26015",
        "26\u00a0015.": "26015",
        "“26015”": "26015",
    }

    assert {typed: parse_postal_code(typed) for typed in codes} == codes


def test_no_other_text_is_a_codigo_postal() -> None:
    others = ["2601", "260150", "2601O", "26-15", "2" * 100_000, "２" * 100_000]

    assert [typed[:9] for typed in others if parse_postal_code(typed) is not FieldErrorCode.MALFORMED] == []


def test_a_character_that_may_be_mistaken_for_a_digit_is_named() -> None:
    named = {
        "26015\0": "U+0000",
        "2601О": "«О» (U+041E)",
    }

    assert {typed: parse_postal_code(typed) for typed in named} == {
        typed: ForbiddenCharacter(character) for typed, character in named.items()
    }


def test_a_blank_codigo_postal_is_missing() -> None:
    blank = ["", " ", "\t\n", "\u200b", "\u200b\u00a0"]

    assert [typed for typed in blank if parse_postal_code(typed) is not FieldErrorCode.MISSING] == []


def _named(character: str) -> str:
    return "«|»" if character == "|" else f"U+{ord(character):04X}"
