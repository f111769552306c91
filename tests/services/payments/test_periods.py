"""The time that payments cover."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.accounts.onboarding import Activation, PaymentMethod
from services.payments.lifecycle import is_covered
from services.payments.periods import ActivePeriod, PaidPeriod, active_period, months_after


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_month_later_is_the_same_day_or_the_last_of_the_month() -> None:
    ends = {
        ("2026-03-15T10:30:00", 12): "2027-03-15T10:30:00",
        ("2026-01-31", 1): "2026-02-28",
        ("2028-01-31", 1): "2028-02-29",
        ("2028-02-29", 12): "2029-02-28",
        ("2026-12-31", 1): "2027-01-31",
        ("2026-11-30", 3): "2027-02-28",
        ("2026-05-31", 120): "2036-05-31",
    }

    assert {(moment, months): months_after(_at(moment), months) for moment, months in ends} == {
        key: _at(end) for key, end in ends.items()
    }


def test_without_payments_nothing_is_covered() -> None:
    assert active_period([]) is None


def test_a_period_begins_when_it_is_paid() -> None:
    assert active_period([PaidPeriod(_at("2026-03-01"), 12)]) == ActivePeriod(_at("2026-03-01"), _at("2027-03-01"))


def test_a_renewal_in_time_follows_without_a_break() -> None:
    periods = [PaidPeriod(_at("2026-03-01"), 12), PaidPeriod(_at("2027-02-10"), 12)]

    assert active_period(periods) == ActivePeriod(_at("2026-03-01"), _at("2028-03-01"))


def test_a_short_month_takes_no_day_of_those_that_follow() -> None:
    periods = [PaidPeriod(_at("2026-01-31"), 1), PaidPeriod(_at("2026-02-20"), 1), PaidPeriod(_at("2026-03-20"), 1)]

    assert active_period(periods) == ActivePeriod(_at("2026-01-31"), _at("2026-04-30"))


def test_after_a_break_a_new_period_begins() -> None:
    periods = [PaidPeriod(_at("2026-03-01"), 1), PaidPeriod(_at("2026-04-01"), 1), PaidPeriod(_at("2026-09-05"), 1)]

    assert active_period(periods) == ActivePeriod(_at("2026-09-05"), _at("2026-10-05"))


_periods = st.lists(
    st.builds(
        PaidPeriod,
        st.integers(0, 5000).map(lambda days: _at("2026-01-01") + timedelta(days=days)),
        st.integers(1, 24),
    ),
    min_size=1,
    max_size=8,
).map(lambda periods: sorted(periods, key=lambda period: period.paid_at))


@given(_periods)
def test_one_more_payment_never_takes_time_away_and_always_gives_its_months(periods: list[PaidPeriod]) -> None:
    before, after = active_period(periods[:-1]), active_period(periods)

    last = periods[-1]
    assert after
    assert after.until >= last.paid_at + timedelta(days=28 * last.months)
    assert before is None or after.until > before.until
    assert after.since <= last.paid_at


def test_a_renewal_is_sold_in_the_last_days_of_a_period() -> None:
    now = _at("2026-03-01")
    covered = {(12, 31): True, (12, 30): False, (1, 11): True, (1, 10): False}

    def activation(days_left: int) -> Activation:
        return Activation(True, _at("2025-01-01"), now + timedelta(days=days_left), PaymentMethod.PAYPAL, "uno")

    assert {(months, days): is_covered(activation(days), months, now) for months, days in covered} == covered
    assert not is_covered(None, 12, now)
