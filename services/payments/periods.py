"""Periods that are paid for."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PaidPeriod:
    """Bought at `paid_at`, for so many months."""

    paid_at: datetime
    months: int


@dataclass(frozen=True, slots=True)
class ActivePeriod:
    """A time that is paid for without a break; `until` is not part of it."""

    since: datetime
    until: datetime


def active_period(periods: Iterable[PaidPeriod]) -> ActivePeriod | None:
    """The last time without a break; a period that is bought within another begins where that one ends.

    `periods` come in the order in which they were bought. Months are counted from the first day, so that a short one
    takes no day of those that follow.
    """
    covered: ActivePeriod | None = None
    months = 0
    for period in periods:
        if covered is None or period.paid_at >= covered.until:
            covered, months = ActivePeriod(period.paid_at, period.paid_at), 0
        months += period.months
        covered = ActivePeriod(covered.since, months_after(covered.since, months))
    return covered


def months_after(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the month's last day if it has no such day."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
