"""CFDI 4.0 drafts: read with suspicion, compared with the account, and numbered.

Whether the document follows the SAT's schema is for the provider to check, as it is when a real one stamps.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from xml.parsers import expat

from lxml import etree

from .accounts import Account

MAX_BYTES = 100_000
_MAX_DEPTH = 32
_CFDI = "http://www.sat.gob.mx/cfd/4"
_TFD = "http://www.sat.gob.mx/TimbreFiscalDigital"
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?")
_RFC = re.compile(r"[A-Z&Ñ]{3,4}[0-9]{6}[A-Z0-9]{3}")
_MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a draft, for the taxpayer; `where` is the attribute, as the SAT names it."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    rfc: str
    name: str
    tax_regime: str
    postal_code: str
    receiver: str
    total: str
    conditions: str


class _RefusedError(Exception):
    """Its text says why, for the taxpayer."""


def read(body: bytes) -> Draft | Problem:
    try:
        _check(body)
        root = _parsed(body)
    except _RefusedError as refusal:
        return Problem("archivo", str(refusal))
    except (expat.ExpatError, UnicodeDecodeError, etree.XMLSyntaxError):
        return Problem(
            "archivo", "El archivo no es XML en UTF-8. Guárdalo de nuevo desde tu sistema e intenta otra vez."
        )
    issuer, receiver = root.find(f"{{{_CFDI}}}Emisor"), root.find(f"{{{_CFDI}}}Receptor")
    if root.tag != f"{{{_CFDI}}}Comprobante" or root.get("Version") != "4.0":
        return Problem("Version", 'El archivo no es un CFDI 4.0: su raíz debe ser cfdi:Comprobante con Version="4.0".')
    if root.get("Sello") or root.find(f".//{{{_TFD}}}TimbreFiscalDigital") is not None:
        return Problem("Sello", "El archivo ya está sellado o timbrado. Sube el borrador, sin sello.")
    if issuer is None or receiver is None:
        return Problem("Emisor", "Al borrador le falta el emisor o el receptor.")
    if not _RFC.fullmatch(_attribute(receiver, "Rfc")):
        return Problem("Receptor", "El RFC del receptor no está completo.")
    if not _AMOUNT.fullmatch(_attribute(root, "Total")):
        return Problem("Total", "El total del borrador no es una cantidad.")
    return Draft(
        rfc=_attribute(issuer, "Rfc"),
        name=_attribute(issuer, "Nombre"),
        tax_regime=_attribute(issuer, "RegimenFiscal"),
        postal_code=_attribute(root, "LugarExpedicion"),
        receiver=_attribute(receiver, "Nombre") or _attribute(receiver, "Rfc"),
        total=_attribute(root, "Total"),
        conditions=_attribute(root, "CondicionesDePago"),
    )


def mismatches(draft: Draft, account: Account) -> list[Problem]:
    """Compares the issuer with the account's company, as the SAT compares it with its own list: letter by letter."""
    company = account.company
    if company is None:
        return [Problem("Emisor", "Configura primero los datos de tu empresa en tu cuenta.")]
    compared = [
        ("Emisor Rfc", "El RFC del emisor", draft.rfc, account.rfc),
        ("Emisor Nombre", "El nombre del emisor", draft.name, company.legal_name),
        ("Emisor RegimenFiscal", "El régimen fiscal del emisor", draft.tax_regime, company.tax_regime),
        ("LugarExpedicion", "El lugar de expedición", draft.postal_code, company.postal_code),
    ]
    return [
        Problem(where, f"{what} no es el de tu cuenta, que es {ours}. Corrige el borrador, o tu cuenta.")
        for where, what, theirs, ours in compared
        if unicodedata.normalize("NFC", theirs) != unicodedata.normalize("NFC", ours)
    ]


def numbered(body: bytes, series: str, folio: str) -> bytes:
    """Returns the draft with its series and folio, in place of any others. A series without a name has no attribute."""
    root = _parsed(body)
    root.attrib.pop("Serie", None)
    if series:
        root.set("Serie", series)
    root.set("Folio", folio)
    return _bytes(root)


def conditions_of(document: bytes) -> str:
    return _attribute(_parsed(document), "CondicionesDePago")


def with_stamp(document: bytes, uuid: UUID, at: datetime) -> bytes:
    """Adds a TimbreFiscalDigital with seals that are none."""
    root = _parsed(document)
    complement = root.find(f"{{{_CFDI}}}Complemento")
    if complement is None:
        complement = etree.SubElement(root, f"{{{_CFDI}}}Complemento")
    stamp = etree.SubElement(complement, f"{{{_TFD}}}TimbreFiscalDigital", nsmap={"tfd": _TFD})
    stamp.set("Version", "1.1")
    stamp.set("UUID", str(uuid).upper())
    stamp.set("FechaTimbrado", at.strftime("%Y-%m-%dT%H:%M:%S"))
    stamp.set("RfcProvCertif", "AAA010101AAA")
    stamp.set("SelloCFD", "SIN VALIDEZ FISCAL")
    stamp.set("NoCertificadoSAT", "00000000000000000000")
    stamp.set("SelloSAT", "SIN VALIDEZ FISCAL")
    return _bytes(root)


def _check(body: bytes) -> None:
    """Goes through the bytes without keeping anything, before a tree is made of them.

    A document type is refused where it begins, so there are neither entities nor anything to fetch. Raises
    _RefusedError, ExpatError or UnicodeDecodeError.
    """
    if len(body) > MAX_BYTES:
        raise _RefusedError("El archivo es demasiado grande: un CFDI cabe en 100 kB.")
    body.decode("utf-8")
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _RefusedError("El archivo tiene demasiados niveles para ser un CFDI.")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declare(version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "utf-8").lower() != "utf-8":
            raise _RefusedError("El archivo dice que no está en UTF-8. Guárdalo así desde tu sistema.")

    def refuse(*_: object) -> None:
        raise _RefusedError("El archivo contiene DOCTYPE o instrucciones, que un CFDI no lleva.")

    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.XmlDeclHandler = declare
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    parser.Parse(body, True)


def _parsed(body: bytes) -> etree._Element:
    """Parses what `_check` has seen; nothing is fetched or replaced even if the two parsers disagree."""
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(body, parser)


def _attribute(element: etree._Element, name: str) -> str:
    return str(element.get(name, ""))[:_MAX_TEXT]


def _bytes(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
