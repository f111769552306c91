"""Computes the paid time of an account."""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class PaidPeriod:
    """A number of months, paid for at `paid_at`."""

    paid_at: datetime
    months: int


@dataclass(frozen=True, slots=True)
class ActivePeriod:
    """A paid time without a gap; `until` is excluded."""

    since: datetime
    until: datetime


def active_period(periods: Iterable[PaidPeriod]) -> ActivePeriod | None:
    """Returns the last paid time without a gap. A period that is bought within another begins at that one's end.

    `periods` are in order of purchase. Months are counted from the first day, so that a short one does not shorten the
    following ones.
    """
    return [None, *active_periods(periods)][-1]


def active_periods(periods: Iterable[PaidPeriod]) -> Iterator[ActivePeriod]:
    """Yields for each period the paid time without a gap up to its end."""
    covered: ActivePeriod | None = None
    months = 0
    for period in periods:
        if covered is None or period.paid_at >= covered.until:
            covered, months = ActivePeriod(period.paid_at, period.paid_at), 0
        months += period.months
        covered = ActivePeriod(covered.since, months_after(covered.since, months))
        yield covered


def renewal_time(months: int) -> timedelta:
    """How long before its end an activation may be renewed for so many months; earlier, it is rather a mistake."""
    return min(timedelta(days=30), timedelta(days=10 * months))


def months_after(moment: datetime, months: int) -> datetime:
    """Returns the same day and time that many months later, or the month's last day if it is shorter."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
