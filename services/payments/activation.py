"""The paid time of an account, as its paid payments define it."""

from datetime import datetime

from models.account import Account
from models.payment import Payment
from services.accounts.onboarding import Event, progress_of, transition
from services.events.facts import Details, EventType
from services.events.lapses import announce_lapse
from services.events.publishing import publish
from services.payments.periods import PaidPeriod, active_period
from services.payments.queries import PaymentStatus

_COLUMNS = ("stage", "active_since", "active_until", "activated_by", "active_plan", "lapse_due_at", "stamps_notice")


async def update_activation(account: Account, now: datetime) -> bool:
    """Sets the activation of an account that the transaction has locked, and publishes it if it changed.

    Returns False if it ends, since no paid payment covers this moment.
    """
    if account.lapse_due_at and account.lapse_due_at <= now:  # no worker has announced it yet
        await announce_lapse(account.id, account.lapse_due_at)
    before = account.stage, account.active_until
    paid = await Payment.filter(account_id=account.id, status=PaymentStatus.PAID.value).order_by("paid_at", "id")
    covered = active_period(PaidPeriod(each.paid_at, each.period_months) for each in paid if each.paid_at)
    active = covered is not None and covered.until > now
    if covered and active:
        account.active_since, account.active_until = covered.since, covered.until
        account.activated_by, account.active_plan = paid[-1].method, paid[-1].plan_id
        account.lapse_due_at = covered.until
    else:
        account.stage = transition(progress_of(account, now).stage, Event.REFUNDED).value
        account.active_until = min(account.active_until or now, now)
        account.lapse_due_at = None
    await account.save(update_fields=_COLUMNS)
    if (account.stage, account.active_until) != before:
        event = EventType.ACCOUNT_ACTIVATED if active else EventType.ACCOUNT_DEACTIVATED
        await publish(account.id, event, Details(active_until=account.active_until))
    return active
