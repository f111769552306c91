"""Decodes files that banks export."""

import codecs

MAX_BYTES = 32 * 1024 * 1024
_BINARY = (
    (b"PK\x03\x04", "an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
    (b"<", "a web page or XML"),
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(content: bytes) -> str:
    """Decodes UTF-8, UTF-16 (both with or without a byte order mark) or Windows-1252.

    Raises ValueError with a sentence for a file of more than 32 MiB or without text.
    """
    if len(content) > MAX_BYTES:
        raise ValueError("it is larger than 32 MiB; export fewer days at a time")
    text = _text(content)
    kind = next((kind for start, kind in _BINARY if content.lstrip().startswith(start)), None)
    if kind or "\0" in text or text.lstrip().startswith("<"):
        raise ValueError(f"it is {kind or 'no text'}; export the movements as CSV")
    return text


def _text(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    if unmarked := _unmarked_utf16(content[:1000]):
        return content.decode(unmarked, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _unmarked_utf16(start: bytes) -> str | None:
    """Recognizes UTF-16 without a mark: in Latin text, nearly every second byte is zero, and no other."""
    even, odd = start[::2], start[1::2]
    if odd.count(0) > len(odd) * 0.7 and 0 not in even:
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > len(even) * 0.7 and 0 not in odd else None
