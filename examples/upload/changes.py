"""Says when something of an account has changed, to pages that wait for it."""

import asyncio
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Changes:
    """In memory: after a restart every version is another one, so that each page reads once more than needed."""

    _start: str = field(default_factory=lambda: secrets.token_hex(4))
    _counts: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))
    _closed: bool = False

    def version(self, account_id: str) -> str:
        return f"{self._start}-{self._counts[account_id]}"

    def tell(self, account_id: str) -> None:
        self._counts[account_id] += 1
        for event in self._waiting.pop(account_id, ()):
            event.set()

    def close(self) -> None:
        """Lets every page that waits go, for the process to end, and none wait from now on."""
        self._closed = True
        for account_id in list(self._waiting):
            self.tell(account_id)

    async def wait(self, account_id: str, version: str, seconds: float) -> str:
        """Returns the version as soon as it is another one than the page has, or after so long."""
        if self.version(account_id) == version and not self._closed:
            event = asyncio.Event()
            self._waiting[account_id].add(event)
            try:
                async with asyncio.timeout(seconds):
                    await event.wait()
            except TimeoutError:
                pass
            finally:
                if waiting := self._waiting.get(account_id):
                    waiting.discard(event)
                    if not waiting:
                        del self._waiting[account_id]
        return self.version(account_id)
