"""Cells of CSV that a spreadsheet shows as they are meant."""

BYTE_ORDER_MARK = "\ufeff"
"""How a file begins: without it, Excel takes UTF-8 for Windows-1252."""

_FORMULA = frozenset("=+-@＝＋－＠")


def plain_cell(text: str) -> str:
    """Returns one line, with an apostrophe before what a spreadsheet would run as a formula: people choose names."""
    line = "".join(each if each.isprintable() else " " for each in text).strip()
    return f"'{line}" if line[:1] in _FORMULA else line
