"""What services report about their work for traces: how long a part of it took, and in which request."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID


class MailSpan:
    """An attempt to send a mail."""

    def ended(self, result: str, reply: str) -> None:
        """Takes what `Measures.mail_tried` takes; of the reply, only the SMTP code is kept."""


class CallSpan:
    """A request to another service. `headers` are to be sent with it."""

    headers: Mapping[str, str] = {}

    def answered(self, status: int) -> None:
        """Notes the status of the response, whose body may follow."""


class Tracer:
    """Traces nothing. Names come from short lists; nothing that is reported is secret or names a person."""

    def hash_finished(self, waited: float, ran: float) -> None:
        """Notes a password hash that has just finished, and the seconds that it waited and ran."""

    def mail(self, kind: str, delivery: UUID, attempt: int) -> AbstractContextManager[MailSpan]:
        """Returns the context in which a mail of the outbox is attempted."""
        return nullcontext(_MAIL)

    def call(self, method: str, url: str, route: str) -> AbstractContextManager[CallSpan]:
        """Returns the context of a request; the `route` is the path with its ids left out."""
        return nullcontext(_CALL)


_MAIL = MailSpan()
_CALL = CallSpan()
UNTRACED = Tracer()
