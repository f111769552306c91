"""The mail worker: sends mails from the outbox, one per sender at a time, until it is stopped."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog
from limits.errors import StorageError
from tortoise.transactions import in_transaction

from models.outage import DATABASE_ERRORS
from services.common.clock import pause, utc_now
from services.common.heartbeat import Turns
from services.common.measures import IGNORED, Measures
from services.common.outages import Outages
from services.common.tracing import UNTRACED, MailSpan, Tracer
from services.mail import outbox
from services.mail.batches import Batches, Mail
from services.mail.grouping import Grouped
from services.mail.issuing import Issue, generate_secret
from services.mail.letters import MailContent, registrations_to_mail
from services.mail.mail_limit import MailLimit
from services.mail.outbox import Claim, DeliveryStatus, MailKind
from services.mail.recording import Sent, record
from services.mail.rendering import MailRenderer
from services.mail.transport import DeferredError, RefusedError, ServerAwayError, Transport

log = structlog.get_logger(__name__)

MESSAGE_DEADLINE_SECONDS = 30.0  # well below the lease
_FAILURE_PAUSE_FACTOR = 10  # how many times longer to wait after a failure, such as of the database
_STOP_GRACE_SECONDS = 12.0  # for mails in progress when the worker is stopped
_CLOSE_SECONDS = 3.0  # to record then what was sent
_RECORD_AGAIN_SECONDS = (1.0, 5.0, 15.0, 30.0)  # after a failure to record that a mail was sent; within the lease


class _LeaseLostError(Exception):
    """The worker has lost the mail: it was enqueued again or canceled, or its lease ran out."""


@dataclass(slots=True, kw_only=True)
class MailWorker:
    """Sends up to `senders` mails at once, each on a separate transport.

    The senders share batches of claims, and the statements that record what they do.
    """

    make_transport: Callable[[], Transport]
    renderer: MailRenderer
    limit: MailLimit
    senders: int = 2
    outages: Outages = field(default_factory=Outages)
    measures: Measures = IGNORED
    tracer: Tracer = UNTRACED
    poll_seconds: float = 1.0
    _batches: Batches = field(init=False)
    _record: Grouped[Issue | Sent, bool] = field(init=False, default_factory=lambda: Grouped(record))
    _unrecorded: dict[asyncio.Task[None], Claim] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._batches = Batches(self.limit)

    async def run(self, stopped: asyncio.Event, turns: Turns) -> None:
        """Delivers until `stopped`. Mails in progress then get 12 seconds before they are released."""
        senders = [asyncio.create_task(self._send_until(stopped, turns.begin())) for _ in range(self.senders)]
        try:
            await stopped.wait()
            await asyncio.wait(senders, timeout=_STOP_GRACE_SECONDS)
        finally:
            for task in senders:
                task.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            await self._close()
            with suppress(*DATABASE_ERRORS):  # the leases then end by themselves
                await self._batches.release()

    async def deliver_due(self) -> None:
        """Delivers all mails that are due, and returns."""
        transport = self.make_transport()
        try:
            while mail := await self._batches.next():
                await self._deliver(mail, transport)
        finally:
            await self._close()
            await self._batches.release()
            await transport.close()

    async def _send_until(self, stopped: asyncio.Event, finish_turn: Callable[[], None]) -> None:
        transport = self.make_transport()
        try:
            while not stopped.is_set():
                try:
                    if mail := await self._batches.next():
                        await self._deliver(mail, transport)
                        finish_turn()
                        continue
                    await transport.close()  # the server would drop an idle connection sooner or later
                    seconds = self.poll_seconds
                except Exception as error:
                    if not self.outages.report(error):
                        log.exception("a sender failed")
                    seconds = self.poll_seconds * _FAILURE_PAUSE_FACTOR
                finish_turn()
                # Polls with jitter and is not woken by requests, so that the time of a mail does not reveal who asked.
                await pause(stopped, seconds)
        finally:
            await transport.close()

    async def _close(self) -> None:
        """Waits for what is being recorded. What then fails is not tried again."""
        await self._record.close(_CLOSE_SECONDS)
        await asyncio.sleep(0)  # in which `_recorded` takes note of it
        unrecorded = dict(self._unrecorded)
        for task, claim in unrecorded.items():
            task.cancel()
            log.error("sent mail not recorded", delivery=str(claim.id), reason="stopped")
        await asyncio.gather(*unrecorded, return_exceptions=True)

    async def _deliver(self, mail: Mail, transport: Transport) -> None:
        with self.tracer.mail(mail.claim.kind.value, mail.claim.id, mail.claim.attempts) as span:
            await self._try(mail, transport, span)

    async def _try(self, mail: Mail, transport: Transport, span: MailSpan) -> None:
        claim = mail.claim
        try:
            await self._attempt(mail, transport, span)
        except asyncio.CancelledError:
            await asyncio.shield(outbox.release(claim))
            raise
        except _LeaseLostError:
            log.info("mail outrun", delivery=str(claim.id))
        except RefusedError as error:
            log.warning("mail refused", delivery=str(claim.id), reply=str(error))
            self._tried(claim, "refused", str(error), span)
            await outbox.finish(claim, DeliveryStatus.REFUSED, str(error))
        except ServerAwayError as error:
            self.outages.begin("smtp", str(error))
            await self._retry(claim, str(error), span, level=logging.INFO)
        except (DeferredError, StorageError, TimeoutError, OSError) as error:
            await self._retry(claim, str(error) or type(error).__name__, span)
        except Exception as error:
            log.exception("mail failed", delivery=str(claim.id))
            await self._retry(claim, type(error).__name__, span)

    async def _attempt(self, mail: Mail, transport: Transport, span: MailSpan) -> None:
        claim, content = mail.claim, mail.content
        if mail.failure:
            raise mail.failure
        if content is None:
            await self._enqueue_for_registrations(claim)
            return
        async with asyncio.timeout(MESSAGE_DEADLINE_SECONDS):
            await transport.deliver(content.email, lambda: self._write(claim, content))
        self.outages.end("smtp")
        log.info("mail delivered", delivery=str(claim.id), kind=claim.kind.value)
        self._tried(claim, "delivered", "250", span)
        if claim.kind is MailKind.ACCOUNT_DELETED:
            await outbox.discard(claim)
        else:  # while the sender begins its next mail, which is recorded later
            self._record(Sent(claim), urgent=False).add_done_callback(partial(self._recorded, claim))

    def _recorded(self, claim: Claim, recorded: "asyncio.Future[bool]") -> None:
        if error := recorded.exception():
            task = asyncio.create_task(self._record_again(claim, error))
            self._unrecorded[task] = claim
            task.add_done_callback(self._unrecorded.pop)

    async def _record_again(self, claim: Claim, error: BaseException) -> None:
        """Records that a mail was sent, for as long as its lease lasts. After that, it is sent again."""
        for seconds in _RECORD_AGAIN_SECONDS:
            self.outages.report(error)
            await asyncio.sleep(seconds)
            try:
                await self._record(Sent(claim), urgent=False)
            except Exception as another:
                error = another
            else:
                return
        reason = type(error).__name__
        log.error("sent mail not recorded", delivery=str(claim.id), reason=reason)
        with suppress(*DATABASE_ERRORS):  # the lease then ends by itself
            await self._retry(claim, f"not recorded: {reason}", MailSpan())

    async def _enqueue_for_registrations(self, claim: Claim) -> None:
        """Ends a row without a recipient. If it has no registration, enqueues a mail for each that it refers to."""
        allowed: list[UUID] = []
        for registration_id in await self._registrations_to_mail(claim):
            throttled = await self.limit.count_registration(claim)
            if throttled and not allowed:
                await self.limit.postpone(claim, throttled)
                return
            if throttled:
                break
            allowed.append(registration_id)
        async with in_transaction():
            if not await outbox.holds_lease(claim):
                raise _LeaseLostError
            for registration_id in allowed:
                await outbox.enqueue_for_registration(claim.kind, claim.email_key, registration_id, claim.requested_at)
            await outbox.discard(claim)

    async def _registrations_to_mail(self, claim: Claim) -> list[UUID]:
        if claim.registration_id:
            return []
        return await registrations_to_mail(claim.kind, claim.email_key, claim.requested_at)

    async def _write(self, claim: Claim, content: MailContent) -> bytes:
        """Renders the mail and issues its secret. If it cannot be rendered, no secret is issued."""
        secret, issue = generate_secret(claim, content)
        message_id = f"{claim.id}.{int(claim.requested_at.timestamp() * 1000)}"
        message = self.renderer.render(content, secret, message_id, utc_now())
        if not await self._record(issue):
            raise _LeaseLostError
        return message

    async def _retry(self, claim: Claim, reason: str, span: MailSpan, level: int = logging.WARNING) -> None:
        if utc_now() - claim.requested_at > outbox.GIVE_UP_AFTER:
            log.error("mail given up", delivery=str(claim.id), reason=reason)
            self._tried(claim, "given up", reason, span)
            await outbox.finish(claim, DeliveryStatus.EXPIRED, reason)
            return
        log.log(level, "mail deferred", delivery=str(claim.id), attempts=claim.attempts, reason=reason)
        self._tried(claim, "deferred", reason, span)
        wait = outbox.backoff(claim.attempts, random.random())  # noqa: S311
        await outbox.release(claim, wait, reason)

    def _tried(self, claim: Claim, result: str, reply: str, span: MailSpan) -> None:
        self.measures.mail_tried(claim.kind.value, result, reply)
        span.ended(result, reply)
