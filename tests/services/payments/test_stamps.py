"""The rules of stamps: the page's table, acted out on real rows."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from models.account import Account
from models.delivery import Delivery
from models.payment import Payment
from services.accounts.onboarding import Stage
from services.invoices import reservations
from services.invoices.outcomes import InvoiceConfirmed, InvoiceReleased, NoStampsLeft, ReservationView
from services.mail.outbox import MailKind
from services.payments import lifecycle, stamps
from services.payments.queries import PaymentView
from services.payments.stamps import PaidStamps, StampNotice, Stamps, in_order_of_use, notice_due
from tests.actors import OPERATOR
from tests.clocks import Clock
from tests.invoices import CLIENT, reserve, series_of, try_to_reserve
from tests.paypal.payers import keep_payment
from tests.stored_accounts import store_account, store_company

_PAGE = (Path(__file__).parents[3] / "docs/onboarding.md").read_text("utf-8")
_ROW = re.compile(r"^\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\S+) \|$", re.MULTILINE)
_TABLE = {case: (int(total), int(used), int(left), end) for case, total, used, left, end in _ROW.findall(_PAGE)}
_NAMES = {
    "A": (datetime(2026, 3, 1, tzinfo=UTC), 100),
    "B": (datetime(2027, 2, 15, tzinfo=UTC), 500),
    "C": (datetime(2027, 6, 1, tzinfo=UTC), 500),
}
_END_OF_A = datetime(2027, 3, 1, tzinfo=UTC)


class Story:
    """An account whose clock stands still between what happens to it."""

    def __init__(self, account: Account, series_id: UUID) -> None:
        self._account = account
        self._series_id = series_id
        self.clock = Clock(_NAMES["A"][0])
        self.taken: list[ReservationView] = []

    async def pay(self, name: str) -> None:
        self.clock.now, brought = _NAMES[name]
        payment = await keep_payment(self._account.id, self.clock.now, reference=name, stamps=brought)
        assert await lifecycle.settle(OPERATOR, PaymentView.of(payment), self.clock.now, None)

    async def use(self, count: int) -> None:
        for _ in range(count):
            self.taken.append(await reserve(self._account.id, self._series_id, clock=self.clock))

    async def confirm(self) -> None:
        confirmed = await reservations.confirm(CLIENT, self.taken.pop().request_id, uuid4(), self.clock)
        assert isinstance(confirmed, InvoiceConfirmed)

    async def release_first(self) -> None:
        released = await reservations.release(CLIENT, self.taken.pop(0).request_id, self.clock)
        assert isinstance(released, InvoiceReleased)

    async def refund(self, name: str) -> None:
        assert await lifecycle.refund(OPERATOR, await self.payment(name), self.clock.now)

    async def undo(self, name: str) -> None:
        assert await lifecycle.undo(OPERATOR, await self.payment(name), self.clock.now)

    async def restore(self, name: str) -> None:
        assert await lifecycle.settle_again(OPERATOR, await self.payment(name), self.clock.now)

    async def pay_again(self, name: str) -> None:
        async def also(_: UUID) -> bool:
            return True

        payment = await self.payment(name)
        assert await lifecycle.settle_another(OPERATOR, payment, f"{name}-2", self.clock.now, also)

    async def payment(self, name: str) -> PaymentView:
        return PaymentView.of(await Payment.get(reference=name))

    async def is_refused(self) -> bool:
        return await try_to_reserve(self._account.id, self._series_id, clock=self.clock) == NoStampsLeft()

    async def stamps(self) -> Stamps:
        return await stamps.StampService(self.clock).of(self._account.id)

    async def mails(self) -> list[str]:
        """The notices about stamps that wait."""
        kinds = [kind.value for kind in stamps.NOTICES.values()]
        return [each.kind for each in await Delivery.filter(kind__in=kinds).order_by("requested_at")]


@pytest.fixture
async def story(database: object) -> Story:
    account = await store_account(stage=Stage.CONFIGURED.value)
    await store_company(account)
    return Story(account, await series_of(account))


async def _a_is_paid(story: Story) -> None:
    await story.pay("A")


async def _reserved(story: Story) -> None:
    await story.pay("A")
    await story.use(1)


async def _confirmed(story: Story) -> None:
    await _reserved(story)
    await story.confirm()


async def _released(story: Story) -> None:
    await _reserved(story)
    await story.release_first()


async def _all_used(story: Story) -> None:
    await story.pay("A")
    await story.use(100)
    assert await story.is_refused()


async def _one_of_all_released(story: Story) -> None:
    await _all_used(story)
    await story.release_first()


async def _forty_used(story: Story) -> None:
    await story.pay("A")
    await story.use(40)


async def _a_ended(story: Story) -> None:
    await _forty_used(story)
    story.clock.now = _END_OF_A


async def _a_ended_then_c(story: Story) -> None:
    await _forty_used(story)
    await story.pay("C")


async def _renewed(story: Story) -> None:
    await _forty_used(story)
    await story.pay("B")


async def _ten_more(story: Story) -> None:
    await _renewed(story)
    await story.use(10)


async def _seventy_more(story: Story) -> None:
    await _renewed(story)
    await story.use(70)


async def _renewed_and_a_ended(story: Story) -> None:
    await _renewed(story)
    story.clock.now = _END_OF_A


async def _seventy_more_and_a_ended(story: Story) -> None:
    await _seventy_more(story)
    story.clock.now = _END_OF_A


async def _released_after_renewal(story: Story) -> None:
    await _renewed(story)
    await story.release_first()


async def _released_after_a_ended(story: Story) -> None:
    await _renewed_and_a_ended(story)
    await story.release_first()


async def _a_refunded(story: Story) -> None:
    await _forty_used(story)
    await story.refund("A")


async def _refunded_then_confirmed(story: Story) -> None:
    await _a_refunded(story)
    await story.confirm()


async def _refunded_then_released(story: Story) -> None:
    await _a_refunded(story)
    await story.release_first()


async def _refunded_then_c(story: Story) -> None:
    await _a_refunded(story)
    await story.pay("C")


async def _a_refunded_after_renewal(story: Story) -> None:
    await story.pay("A")
    await story.pay("B")
    await story.refund("A")


async def _a_refunded_after_both_used(story: Story) -> None:
    await _seventy_more(story)
    await story.refund("A")


async def _b_refunded_after_both_used(story: Story) -> None:
    await _seventy_more(story)
    await story.refund("B")
    assert await story.is_refused()


async def _b_refunded(story: Story) -> None:
    await _renewed(story)
    await story.refund("B")


async def _undone_and_restored(story: Story) -> None:
    await _forty_used(story)
    await story.undo("A")
    await story.restore("A")


async def _released_between(story: Story) -> None:
    await _forty_used(story)
    await story.undo("A")
    await story.release_first()
    await story.restore("A")


async def _restored_later(story: Story) -> None:
    await _forty_used(story)
    await story.undo("A")
    story.clock.now = _NAMES["C"][0]
    await story.restore("A")


async def _second_deposit(story: Story) -> None:
    await _forty_used(story)
    story.clock.now = datetime(2026, 4, 1, tzinfo=UTC)
    await story.pay_again("A")


_CASES: tuple[Callable[[Story], Awaitable[None]], ...] = (
    _a_is_paid,
    _reserved,
    _confirmed,
    _released,
    _all_used,
    _one_of_all_released,
    _a_ended,
    _a_ended_then_c,
    _renewed,
    _ten_more,
    _seventy_more,
    _renewed_and_a_ended,
    _seventy_more_and_a_ended,
    _released_after_renewal,
    _released_after_a_ended,
    _a_refunded,
    _refunded_then_confirmed,
    _refunded_then_released,
    _refunded_then_c,
    _a_refunded_after_renewal,
    _a_refunded_after_both_used,
    _b_refunded_after_both_used,
    _b_refunded,
    _undone_and_restored,
    _released_between,
    _restored_later,
    _second_deposit,
)


@pytest.mark.parametrize(("case", "act"), list(zip(_TABLE, _CASES, strict=True)), ids=list(_TABLE))
async def test_the_page_shows_what_becomes_of_stamps(
    story: Story, case: str, act: Callable[[Story], Awaitable[None]]
) -> None:
    await act(story)

    good = await story.stamps()
    end = good.ends_at.date().isoformat() if good.ends_at else "none"
    assert (good.total, good.used, good.left, end) == _TABLE[case]


def test_what_has_ended_is_left_out_and_what_ends_first_comes_first() -> None:
    later, sooner, ended = (PaidStamps(uuid4(), 1, 0, _END_OF_A + timedelta(days=number)) for number in (2, 1, 0))

    assert in_order_of_use([later, ended, sooner], _END_OF_A) == [sooner, later]


@pytest.mark.parametrize(
    ("total", "used", "notice"),
    [
        (100, 89, None),
        (100, 90, StampNotice.LOW),
        (100, 99, StampNotice.LOW),
        (100, 100, StampNotice.USED_UP),
        (5, 4, None),
        (5, 5, StampNotice.USED_UP),
        (11, 9, None),
        (11, 10, StampNotice.LOW),
    ],
)
def test_a_notice_is_due_from_a_tenth_and_with_none_left(total: int, used: int, notice: StampNotice | None) -> None:
    assert notice_due(Stamps(total, used, None), None) is notice


def test_each_notice_is_due_once_and_none_after_the_last() -> None:
    low, used_up = Stamps(100, 95, None), Stamps(100, 100, None)

    assert notice_due(low, StampNotice.LOW) is None
    assert notice_due(used_up, StampNotice.LOW) is StampNotice.USED_UP
    assert notice_due(low, StampNotice.USED_UP) is None
    assert notice_due(used_up, StampNotice.USED_UP) is None


async def test_a_mail_is_queued_at_a_tenth_and_another_at_the_end_once_each(story: Story) -> None:
    await story.pay("A")
    await story.use(89)
    before = await story.mails()
    await story.use(1)
    low = await story.mails()
    for _ in range(2):
        await story.release_first()
        await story.use(1)
    await Delivery.all().delete()  # it is sent
    await story.use(9)
    still = await story.mails()
    await story.use(1)
    used_up = await story.mails()
    await Delivery.all().delete()
    await story.release_first()
    await story.use(1)

    assert (before, low, still) == ([], [MailKind.STAMPS_LOW.value], [])
    assert used_up == [MailKind.STAMPS_USED_UP.value]
    assert await story.mails() == []


async def test_a_mail_that_few_are_left_gives_way_to_the_one_that_none_are_and_both_to_a_payment(story: Story) -> None:
    await story.pay("A")
    await story.use(100)
    waiting = await story.mails()
    await story.pay("B")
    after_payment = await story.mails()
    await story.use(450)

    assert waiting == [MailKind.STAMPS_USED_UP.value]
    assert after_payment == []
    assert await story.mails() == [MailKind.STAMPS_LOW.value]


async def test_a_refund_that_leaves_few_stamps_queues_the_mail(story: Story) -> None:
    await story.pay("A")
    await story.use(95)
    await story.pay("B")
    before = await story.mails()

    await story.refund("B")

    assert (before, await story.mails()) == ([], [MailKind.STAMPS_LOW.value])


async def test_a_refund_that_ends_the_paid_time_queues_none(story: Story) -> None:
    await story.pay("A")
    await story.use(5)

    await story.refund("A")

    assert await story.mails() == []
