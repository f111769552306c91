"""What services report about their work for traces: how long a part of it took, and in which request."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID


class MailSpan:
    """A try to send a mail."""

    def ended(self, result: str, reply: str) -> None:
        """As in `Measures.mail_tried`; of the reply, only a code of SMTP is kept."""


class CallSpan:
    """A request to another service. `headers` are to be sent with it."""

    headers: Mapping[str, str] = {}

    def answered(self, status: int) -> None:
        """The status of the response, whose body may follow."""


class Tracer:
    """Traces nothing. Names come from short lists; nothing that is reported is secret or names a person."""

    def hash_finished(self, waited: float, ran: float) -> None:
        """A password hash has just ended; both are seconds."""

    def mail(self, kind: str, delivery: UUID, attempt: int) -> AbstractContextManager[MailSpan]:
        """Returns what to enter while a mail of the outbox is tried."""
        return nullcontext(_MAIL)

    def call(self, method: str, url: str, route: str) -> AbstractContextManager[CallSpan]:
        """Returns what to enter during a request; the `route` is the path with its ids left out."""
        return nullcontext(_CALL)


_MAIL = MailSpan()
_CALL = CallSpan()
UNTRACED = Tracer()
