"""What services report about their work, for an operator's metrics."""


class Measures:
    """Ignores every report. Names and results come from short lists, never from a client."""

    def hash_queued(self) -> None:
        """A password hash waits for a thread, or runs."""

    def hash_finished(self, waited: float, ran: float) -> None:
        """A hash has left the queue; both are seconds."""

    def hash_refused(self) -> None:
        """The queue was full."""

    def limit_exceeded(self, limit: str) -> None:
        """A request was more than the limit of this name allows."""

    def captcha_drawn(self, form: str) -> None:
        """A picture or a clip was generated."""

    def captcha_answered(self, result: str) -> None:
        """Somebody sent an answer: `solved`, `repeated` or `wrong`."""

    def mail_tried(self, kind: str, result: str, reply: str) -> None:
        """A mail was `delivered`, `deferred`, `refused` or `given up`; `reply` begins with a code of SMTP, if any."""

    def part_failed(self, part: str) -> None:
        """A request or a worker failed because of the database, Redis or the mail server."""

    def outage_changed(self, part: str, *, away: bool) -> None:
        """An outage has begun, or has ended."""


IGNORED = Measures()
