"""Which limits count whom, so that an operator can see and reset them.

Subjects are an e-mail, a client, or the id of an account, an API client or a payment.

Counters are stored under keyed digests, so they can only be found by whom they count. Those of an e-mail together with
a client (create_account_email_client) are not found.
"""

from ipaddress import ip_address, ip_network

from services.accounts.email import parse_email
from services.common.caller import Caller
from services.common.ids import parse_id
from services.common.limits import Limit, Limiter, Limits, Usage, widened
from services.mail.outbox import MailKind, counted_as

_OF_EMAIL = ("create_account_email", "login_failures", "recover_password_email", "resend_email")
_OF_ID = (
    "current_password",
    "second_factor",
    "change_email",
    "export_account",
    "access_token",
    "api_client",
    "payment",
    "paypal_webhook_payment",
)
_OF_CLIENT = (
    *("create_account", "create_account_captcha", "resend", "resend_captcha", "confirm_account", "login"),
    *("login_captcha", "recover_password", "download_export", "create_captcha", "passkey_options", "paypal_webhook"),
)

Counted = tuple[Limit, str]
"""A limit, and the subject that it counts."""


def counted_by(limits: Limits, subject: str) -> list[Counted] | None:
    """Returns None for a text that is no e-mail, no id, and neither an address nor a client's network."""
    if client := _client(subject):
        own = [(_limit(limits, name), client.client) for name in _OF_CLIENT]
        return own + [(widened(limit), client.site) for limit, _ in own if client.site]
    if subject_id := parse_id(subject):
        return [(_limit(limits, name), str(subject_id)) for name in _OF_ID]
    if email := parse_email(subject):
        return of_email(limits, email.key)
    return None


def of_email(limits: Limits, email_key: str) -> list[Counted]:
    mailed = {counted_as(kind, email_key) for kind in MailKind} | {f"registrations of {email_key}"}
    return [
        *((_limit(limits, name), email_key) for name in _OF_EMAIL),
        *((limits.mail_email, subject) for subject in sorted(mailed)),
    ]


async def usage(limiter: Limiter, counted: list[Counted]) -> list[Usage]:
    """Returns what is counted now. Raises StorageError if the storage is unavailable."""
    return [each for limit, subject in counted for each in await limiter.usage(limit, subject)]


async def reset(limiter: Limiter, counted: list[Counted]) -> None:
    """Deletes what is counted. Raises StorageError if the storage is unavailable."""
    for limit, subject in counted:
        await limiter.reset(limit, subject)


def _client(text: str) -> Caller | None:
    """Parses an address, or the IPv6 network that limits count as one client."""
    try:
        network = ip_network(text.strip())
    except ValueError:
        return None
    whole = network.max_prefixlen
    if network.prefixlen not in {whole, 64} or (network.prefixlen == 64 and whole == 32):
        return None
    return Caller(ip_address(network.network_address))


def _limit(limits: Limits, name: str) -> Limit:
    limit: Limit = getattr(limits, name)
    return limit
