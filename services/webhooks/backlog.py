"""How many endpoints are in which state, and how far the slowest is behind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from models.sql import fetch
from services.events import feed
from services.webhooks.claims import PausedBecause

# All of them: an operator adds a few.
_SELECT = 'SELECT "position", failing_since, paused_because FROM webhook_endpoint'
_STATES = ("active", "failing", "paused")


@dataclass(frozen=True, slots=True)
class WebhookBacklog:
    """`states` counts endpoints, without those that an operator paused; `waiting` is in events of the feed."""

    states: Mapping[str, int]
    waiting: int


async def webhook_backlog() -> WebhookBacklog:
    rows, last = await fetch(_SELECT), (await feed.bounds()).last
    counted: Counter[str] = Counter(dict.fromkeys(_STATES, 0))
    waiting = 0
    for row in rows:
        if row["paused_because"] == PausedBecause.OPERATOR.value:
            continue
        counted["paused" if row["paused_because"] else "failing" if row["failing_since"] else "active"] += 1
        waiting = max(waiting, last - row["position"])
    return WebhookBacklog(counted, waiting)
