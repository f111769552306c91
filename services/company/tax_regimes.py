"""The tax regimes of issuers: the SAT's catalogue, from services/company/tax_regimes.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.accounts.rfc import TaxpayerType
from services.common.characters import compact, is_blank
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter

_COLUMNS = {TaxpayerType.PERSONA_FISICA: "fisica", TaxpayerType.PERSONA_MORAL: "moral"}


@dataclass(frozen=True, slots=True)
class TaxRegime:
    """A row of c_RegimenFiscal. The description is the SAT's own, in Spanish."""

    code: str
    description: str
    taxpayer_types: tuple[TaxpayerType, ...]


def tax_regimes(taxpayer_type: TaxpayerType | None = None) -> tuple[TaxRegime, ...]:
    """Returns the regimes of a taxpayer type, or all of them, by code."""
    if taxpayer_type is None:
        return tuple(_CATALOGUE.values())
    return tuple(regime for regime in _CATALOGUE.values() if taxpayer_type in regime.taxpayer_types)


def tax_regime(code: str) -> TaxRegime:
    """Returns the regime of a company, whose code was in the catalogue when it was configured.

    A regime that the SAT ends must therefore stay in the catalogue. Raises KeyError for an unknown code.
    """
    return _CATALOGUE[code]


def parse_tax_regime(text: str, taxpayer_type: TaxpayerType) -> str | FieldErrorCode | ForbiddenCharacter:
    """Parses a code of the catalogue that is valid for the taxpayer type."""
    if is_blank(text):
        return FieldErrorCode.MISSING
    typed = compact(text)
    if isinstance(typed, ForbiddenCharacter):
        return typed
    regime = _CATALOGUE.get(typed)
    if regime is None:
        return FieldErrorCode.NOT_IN_CATALOGUE
    return regime.code if taxpayer_type in regime.taxpayer_types else FieldErrorCode.NOT_FOR_TAXPAYER_TYPE


def _row(row: dict[str, Any]) -> TaxRegime:
    types = tuple(kind for kind, column in _COLUMNS.items() if row.get(column))
    return TaxRegime(row["code"], row["description"], types)


def _load() -> dict[str, TaxRegime]:
    path = Path(__file__).parent / "tax_regimes.toml"
    return {row["code"]: _row(row) for row in tomllib.loads(path.read_text("utf-8"))["regime"]}


_CATALOGUE = _load()
MAX_TAX_REGIMES = len(_CATALOGUE)
