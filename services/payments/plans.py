"""The plans on sale, from a TOML file that the operator edits."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.common.ids import typed_id
from services.common.money import Money
from services.common.translations import Language
from services.payments.periods import renewal_time

BUNDLED = Path(__file__).parent / "plans.toml"
MAX_PLANS = 20

_Text = Annotated[str, Field(min_length=1, max_length=60)]


@dataclass(frozen=True, slots=True)
class Plan:
    """`stamps` is the number of invoices that may be stamped in `period_months`; `subtotal` excludes IVA."""

    id: str
    names: Mapping[Language, str]
    subtotal: Money
    tax: Money
    stamps: int
    period_months: int

    @property
    def total(self) -> Money:
        return self.subtotal + self.tax


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    class Name(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        es: _Text
        en: _Text

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    name: Name
    price: str = Field(pattern=r"^\d{1,9}\.\d{2}$")
    stamps: int = Field(ge=1, le=2_000_000_000)
    months: int = Field(ge=1, le=120)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    iva: str = Field(pattern=r"^0\.\d{2}$")
    plans: list[_Entry] = Field(min_length=1, max_length=MAX_PLANS)


class Plans:
    """The plans, in the order of the file."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self._plans = {plan.id: plan for plan in plans}

    @classmethod
    def read(cls, path: Path) -> "Plans":
        """Reads the file. Raises ValueError with a sentence that explains what is wrong with it."""
        try:
            file = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        except UnicodeError:
            raise ValueError("cannot be read: no text in UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"cannot be read: no TOML: {error}") from None
        plans = [_plan(entry, Decimal(file.iva)) for entry in file.plans]
        name, count = Counter(plan.id for plan in plans).most_common(1)[0]
        if count > 1:
            raise ValueError(f"{count} plans are called {name}")
        if free := [plan.id for plan in plans if not plan.subtotal.amount]:
            raise ValueError(f"{free[0]} costs nothing")
        return cls(plans)

    def all(self) -> tuple[Plan, ...]:
        return tuple(self._plans.values())

    def get(self, id: str) -> Plan | None:
        return self._plans.get(typed_id(id))

    def renewable_from(self, until: datetime) -> datetime:
        """Returns when the first of the plans is sold to an account that is paid for `until` then."""
        return until - max(renewal_time(plan.period_months) for plan in self._plans.values())


def _plan(entry: _Entry, iva: Decimal) -> Plan:
    subtotal = Money.parse(entry.price)
    return Plan(
        id=entry.id,
        names={Language.ES: entry.name.es, Language.EN: entry.name.en},
        subtotal=subtotal,
        tax=Money(subtotal.amount * iva, subtotal.currency),
        stamps=entry.stamps,
        period_months=entry.months,
    )
