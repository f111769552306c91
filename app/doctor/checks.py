"""The checks, in the order in which they are reported. A new one is a function and a line of CHECKS."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.doctor.access_tokens import check_access_tokens
from app.doctor.captchas import check_captcha_provider
from app.doctor.clock import check_clock
from app.doctor.database import check_database, check_deletions, check_mails, check_schema
from app.doctor.finding import Deployment, Finding
from app.doctor.machine import CHEAPER, check_argon2, check_disk, check_open_files
from app.doctor.paypal import check_paypal
from app.doctor.proxies import check_proxies
from app.doctor.redis import check_redis
from app.doctor.settings import check_keys, check_settings
from app.doctor.smtp import check_smtp


@dataclass(frozen=True, slots=True)
class Check:
    """`seconds` is how long it may take, and `late` what to do if it takes longer. All run at the same time.

    It returns what it found, one finding for each thing to do. It may raise what its part raises if that is down.
    """

    name: str
    run: Callable[[Deployment], Awaitable[Sequence[Finding]]]
    seconds: float = 8.0
    late: str = "See whether it is up, and whether this machine reaches it."


CHECKS = (
    Check("settings", check_settings),
    Check("keys", check_keys),
    Check("tokens", check_access_tokens),
    Check("database", check_database),
    Check("schema", check_schema),
    Check("redis", check_redis),
    Check("clock", check_clock),
    Check("smtp", check_smtp, seconds=15),
    Check("mails", check_mails),
    Check("deletions", check_deletions),
    Check("paypal", check_paypal, seconds=10),
    Check("captchas", check_captcha_provider),
    Check("proxies", check_proxies),
    Check("argon2", check_argon2, late=CHEAPER),
    Check("disk", check_disk, late="See what the disk waits for."),
    Check("open files", check_open_files),
)
