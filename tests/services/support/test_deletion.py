"""A deletion leaves nothing behind, whatever happens at the same time."""

import asyncio

from tortoise.transactions import in_transaction

from models.delivery import Delivery
from services.events.publishing import lock_account
from services.mail.outbox import MailKind
from services.payments import stamps
from services.payments.stamps import Stamps
from services.support.deletion import Deleted
from tests.actors import OPERATOR
from tests.api import Api
from tests.invoices import active_account

_LONG_ENOUGH = 0.3  # seconds for a deletion to come to the account, which is locked


async def test_a_notice_of_stamps_that_is_enqueued_meanwhile_is_deleted_too(api: Api) -> None:
    account = await active_account(stamps=1)
    locked = asyncio.Event()

    async def use_the_last_stamp() -> None:
        async with in_transaction():
            await lock_account(account.id)
            locked.set()
            await asyncio.sleep(_LONG_ENOUGH)
            await stamps.notify(account.id, account.email_key, None, Stamps(total=1, used=1, ends_at=None))

    async def delete() -> Deleted:
        await locked.wait()
        deleted = await api.composition.deletion.delete(OPERATOR, account.email_key)
        assert isinstance(deleted, Deleted)
        return deleted

    deleted, _ = await asyncio.gather(delete(), use_the_last_stamp())

    assert deleted.accounts == 1
    assert [each.kind for each in await Delivery.all()] == [MailKind.ACCOUNT_DELETED.value]
