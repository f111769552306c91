"""Parses the razón social, as shown on the Constancia de Situación Fiscal."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import product

from services.common.characters import is_blank, typed_form
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter
from services.company.cfdi_text import parse_attribute
from services.company.name_spelling import without_entities

MAX_LENGTH = 300

_BETWEEN_WORDS = re.compile(r"[\s,;:()\"'´`–—]+")
_WORD_EDGES = "/-"  # within a word they belong to the name: "A/C", "COCA-COLA"

# What may follow a régimen societario.
_STATE = re.compile(r" EN LIQUIDACION$")
_GROUP = re.compile(r"( BANCA MULTIPLE| CASA DE BOLSA) GRUPO FINANCIERO .+$")

# The régimen societario, of the LGSM and related laws, without accents, dots and spaces.
_OF_CAPITAL = (
    *("SA", "SOCIEDADANONIMA", "SAB", "SOCIEDADANONIMABURSATIL"),
    *("SAPI", "SOCIEDADANONIMAPROMOTORADEINVERSION", "SAPIB", "SOCIEDADANONIMAPROMOTORADEINVERSIONBURSATIL"),
    *("SAS", "SOCIEDADPORACCIONESSIMPLIFICADA"),
    *("SDERL", "SRL", "SOCIEDADDERESPONSABILIDADLIMITADA", "SDERLMI", "SDERLDEIP"),
    *("SENC", "SOCIEDADENCOMANDITA", "SOCIEDADENCOMANDITASIMPLE"),
    *("SENCPORA", "SOCIEDADENCOMANDITAPORACCIONES"),
    *("SENNC", "SOCIEDADENNOMBRECOLECTIVO"),
)
_COOPERATIVE = (
    *("SC", "SOCIEDADCOOPERATIVA", "SCDEP", "SCDEC", "SCDEAP"),
    *("SOCIEDADCOOPERATIVADEPRODUCCION", "SOCIEDADCOOPERATIVADECONSUMO", "SOCIEDADCOOPERATIVADEAHORROYPRESTAMO"),
)
_RURAL = (
    *("SPR", "SOCIEDADDEPRODUCCIONRURAL"),
    *("ARIC", "ASOCIACIONRURALDEINTERESCOLECTIVO"),
    *("SSS", "SOCIEDADDESOLIDARIDADSOCIAL"),
)
_LIABILITIES = (
    *("DERL", "DERESPONSABILIDADLIMITADA", "DERS", "DERESPONSABILIDADSUPLEMENTADA"),
    *("DERI", "DERESPONSABILIDADILIMITADA"),
)
_OTHERS = (
    *("SC", "SOCIEDADCIVIL", "AC", "ASOCIACIONCIVIL", "AR", "ASOCIACIONRELIGIOSA"),
    *("SOCIEDADCOOPERATIVA", "SCL", "SOCIEDADCOOPERATIVALIMITADA"),
    *("IAP", "INSTITUCIONDEASISTENCIAPRIVADA", "IBP", "INSTITUCIONDEBENEFICENCIAPRIVADA"),
    *("ABP", "ASOCIACIONDEBENEFICENCIAPRIVADA"),
    *("SNC", "SNCINSTITUCIONDEBANCADEDESARROLLO", "SOCIEDADNACIONALDECREDITO", "AENP", "ASOCIACIONENPARTICIPACION"),
)
_VARIABLE = ("", "DECV", "CV", "DECAPITALVARIABLE")
_LENDERS = (
    *("", "SOFOM", "SOFOMENR", "SOFOMER", "SOFIPO", "SFP"),
    *(f"SOCIEDADFINANCIERADEOBJETOMULTIPLE{kind}" for kind in ("", "ENR", "ER")),
    *(f"SOCIEDADFINANCIERADEOBJETOMULTIPLEENTIDAD{kind}" for kind in ("NOREGULADA", "REGULADA")),
    *("SOCIEDADFINANCIERAPOPULAR", "INSTITUCIONDEBANCAMULTIPLE", "CASADEBOLSA"),
)
_WRITTEN_OUT = ("ASOCIACION", "INSTITUCION", "SOCIEDAD")
_CONNECTIVES = frozenset({"A", "AL", "CON", "DE", "DEL", "E", "EL", "EN", "LA", "LAS", "LOS", "O", "PARA", "POR", "Y"})


def parse_legal_name(text: str) -> str | FieldErrorCode | ForbiddenCharacter:
    """Returns 1 to 300 characters, in NFC, with single spaces, and otherwise as typed."""
    return FieldErrorCode.MISSING if is_blank(text) else parse_attribute(text, MAX_LENGTH)


def ends_in_legal_form(name: str) -> bool:
    """Whether the name of a persona moral ends in its régimen societario, which CFDI 4.0 leaves out."""
    words = _words(name)
    tail = ""
    for place in range(len(words) - 1, 0, -1):  # the first word always belongs to the name
        tail = words[place] + tail
        if len(tail) > _MAX_FORM_CHARS:
            break
        if tail in _FORMS and not _belongs_to_name(words, place, tail):
            return True
    return False


def _belongs_to_name(words: list[str], place: int, form: str) -> bool:
    """Whether it continues the word before, as in "Gobierno y Sociedad Civil", or "P I S A" spelled out."""
    before = words[place - 1]
    if form.startswith(_WRITTEN_OUT):
        return before in _CONNECTIVES
    return len(form) == 2 and len(before) == len(words[place]) == 1


def _words(name: str) -> list[str]:
    """Returns the words without what may follow the régimen societario."""
    bare = (word.strip(_WORD_EDGES) for word in _BETWEEN_WORDS.split(_plain(name)))
    line = " ".join(word for word in bare if word)
    return _GROUP.sub(r"\1", _STATE.sub("", line)).split()


def _plain(name: str) -> str:
    """Returns the name in capitals, without accents and dots, with the signs of a keyboard."""
    typed = "".join(map(typed_form, without_entities(name).replace("\u2026", "")))
    letters = unicodedata.normalize("NFD", typed.upper())
    return "".join(letter for letter in letters if letter != "." and not unicodedata.combining(letter))


def _forms() -> Iterator[str]:
    yield from _OTHERS
    for kind, variable, lender in product(_OF_CAPITAL, _VARIABLE, _LENDERS):
        yield f"{kind}{variable}{lender}"
    yield from (f"RL{variable}" for variable in _VARIABLE[1:])
    yield from (f"{kind}DECV" for kind in _RURAL)
    yield from _RURAL
    for kind, liability, variable in product((*_COOPERATIVE, *_RURAL), _LIABILITIES, _VARIABLE):
        yield f"{kind}{liability}{variable}"


_FORMS = frozenset(_forms())
_MAX_FORM_CHARS = max(map(len, _FORMS))
