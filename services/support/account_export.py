"""Reads every account with its password hash, in the form in which accounts are imported."""

from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

from models.account import Account
from models.company import Company
from models.series import Series
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.support.account_lines import format_line

_BATCH_SIZE = 500


async def exported_accounts(actor: Actor) -> AsyncIterator[bytes]:
    """Yields each account's line, in the order of ids, without its line end. Only each batch is consistent in itself.

    The event is recorded first, so that no hash leaves without it.
    """
    await record(actor, EventKind.ACCOUNTS_EXPORTED)
    last: UUID | None = None
    while True:
        rest = Account.filter(id__gt=last) if last else Account.all()
        accounts = await rest.order_by("id").limit(_BATCH_SIZE)
        if not accounts:
            return
        ids = [account.id for account in accounts]
        companies = {company.account_id: company for company in await Company.filter(account_id__in=ids)}
        series = defaultdict[UUID, list[Series]](list)
        for each in await Series.filter(account_id__in=ids).order_by("created_at", "id"):
            series[each.account_id].append(each)
        for account in accounts:
            yield format_line(account, companies.get(account.id), series[account.id])
        last = ids[-1]
