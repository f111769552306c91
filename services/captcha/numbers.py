"""Reads digits as people say them and phones transcribe them, in Spanish and English."""

import re

_SPANISH = (
    *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    *("diez", "once", "doce", "trece", "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve"),
    *("veinte", "veintiuno", "veintidos", "veintitres", "veinticuatro", "veinticinco", "veintiseis"),
    *("veintisiete", "veintiocho", "veintinueve"),
)
_ENGLISH = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_OTHER_FORMS = {"un": "1", "una": "1", "veintiun": "21", "veintiuna": "21", "oh": "0"}
_SPANISH_TENS = ("diez", "veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_ENGLISH_TENS = ("ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_WHOLE = {name: str(value) for names in (_SPANISH, _ENGLISH) for value, name in enumerate(names)} | _OTHER_FORMS
_TENS = {name: str(tens) for names in (_SPANISH_TENS, _ENGLISH_TENS) for tens, name in enumerate(names, 1)}
_UNIT = "|".join(name for name, digits in _WHOLE.items() if digits in "123456789")

_TOKEN = re.compile("[a-z]+|[0-9]")
# Spanish joins tens and a unit by "y" and English by nothing, so that "treinta dos" are three digits.
_NUMBER = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_SPANISH_TENS)}) y (?P<unit>[1-9]|{_UNIT})"
    rf"|(?P<english_tens>{'|'.join(_ENGLISH_TENS[1:])}) (?P<english_unit>{_UNIT})"
    rf"|(?P<round>{'|'.join(_TENS)})|(?P<whole>[0-9]|{'|'.join(_WHOLE)}))\b"
)


def spoken_digits(text: str) -> str:
    """Returns the digits of a text in lower case without accents, in order; other words are skipped."""
    return "".join(map(_digits, _NUMBER.finditer(" ".join(_TOKEN.findall(text)))))


def _digits(number: re.Match[str]) -> str:
    if number["round"]:
        return _TENS[number["round"]] + "0"
    if tens := number["tens"] or number["english_tens"]:
        unit = number["unit"] or number["english_unit"]
        return _TENS[tens] + _WHOLE.get(unit, unit)
    return _WHOLE.get(number["whole"], number["whole"])
