"""The second factor of an account, and its recovery codes. Every method that writes is for the caller's transaction."""

import enum
import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from tortoise.expressions import Q

from models.account import Account
from models.login_challenge import LoginChallenge
from models.passkey import Passkey
from models.recovery_code import RecoveryCode
from models.remembered_device import RememberedDevice
from models.sql import fetch
from models.totp_factor import TotpFactor
from services.common.characters import in_typed_forms, is_blank, without_separators
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput
from services.common.secrets import ALPHABET, Keys, generate
from services.factors import totp
from services.factors.totp import KeyVault

INCORRECT = InvalidInput((FieldProblem("oneTimeCode", FieldErrorCode.INCORRECT),))
RECOVERY_CODES = 10
RECOVERY_CODE_LENGTH = 10  # 49 bits, of which a keyed digest is kept
_GROUP = 5
MAX_FAILURES = 50  # wrong codes in a row, after which only a recovery code counts
FAILURES_TO_MAIL = (3, MAX_FAILURES)
"""Whoever types wrong codes knows the password, or holds a session."""
_MAX_TYPED_CHARS = 100
_COUNT_FAILURE = """
UPDATE totp_factor SET failures = failures + 1 WHERE account_id = $1 AND NOT confirmed_at IS NULL RETURNING failures
"""


class ProofWay(enum.Enum):
    """By what owners can prove who they are. A passkey proves alone what a password and a second factor do together."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True)
class WrongCode:
    """`failures` is how many wrong codes in a row the account has had, with this one."""

    failures: int


@dataclass(frozen=True, slots=True)
class SecondFactorView:
    since: datetime
    recovery_codes_left: int
    ways: tuple[ProofWay, ...]


class SecondFactors:
    def __init__(self, keys: Keys) -> None:
        self._vault = KeyVault(keys)
        self._key = keys.lasting("recovery codes")

    async def begin(self, account_id: UUID, now: datetime) -> str:
        """Keeps a key that is pending until `confirm`, in place of an earlier one, and returns it."""
        key = totp.generate_key()
        await TotpFactor.filter(account_id=account_id).delete()
        await TotpFactor.create(
            id=uuid4(), account_id=account_id, key=self._vault.seal(account_id, key), created_at=now
        )
        return key

    async def confirm(self, account: Account, code: str, now: datetime) -> list[str] | None:
        """Makes the pending key the second factor of a locked account, and returns its recovery codes.

        Returns None if there is none, or the code is not its.
        """
        if not await self._accept_totp(account.id, _typed(code), now, confirmed=False):
            return None
        await TotpFactor.filter(account_id=account.id).update(confirmed_at=now)
        return await self.protect(account, now)

    async def protect(self, account: Account, now: datetime) -> list[str]:
        """Makes what a locked account has its second factor, and returns new recovery codes."""
        account.second_factor_since, account.second_factor_ends_at = account.second_factor_since or now, None
        await account.save(update_fields=["second_factor_since", "second_factor_ends_at"])
        return await self.replace_recovery_codes(account.id, now)

    async def has_app(self, account_id: UUID) -> bool:
        return await TotpFactor.exists(account_id=account_id, confirmed_at__isnull=False)

    async def forget_since(self, account: Account, moment: datetime) -> bool:
        """Removes the passkeys of a locked account, and what its second factor has got since.

        Removes the second factor itself if the account had none then, or is left with nothing that proves it. Returns
        whether it did.
        """
        await Passkey.filter(account_id=account.id).delete()
        if account.second_factor_since is None:
            return False
        await TotpFactor.filter(account_id=account.id, confirmed_at__gte=moment).delete()
        codes = RecoveryCode.filter(account_id=account.id)
        await codes.filter(Q(created_at__gte=moment) | Q(created_at__isnull=True)).delete()
        if account.second_factor_since < moment and (await self.has_app(account.id) or await codes.exists()):
            return False
        await self.remove(account)
        return True

    async def verify(self, account_id: UUID, code: str, now: datetime) -> ProofWay | WrongCode:
        """Accepts a code, once. An end of the factor that was announced is off then, since its owner has it.

        A code is counted as a wrong one first, so that parallel guesses cannot overrun MAX_FAILURES.
        """
        typed = _typed(code)
        rows = await fetch(_COUNT_FAILURE, str(account_id))
        failures = int(rows[0]["failures"]) if rows else 0
        if failures <= MAX_FAILURES and await self._accept_totp(account_id, typed, now, confirmed=True):
            way = ProofWay.TOTP
        elif await RecoveryCode.filter(digest=self._digest(account_id, typed), account_id=account_id).delete():
            way = ProofWay.RECOVERY_CODE
        else:
            return WrongCode(failures)
        await TotpFactor.filter(account_id=account_id).update(failures=0)
        await Account.filter(id=account_id, second_factor_ends_at__isnull=False).update(second_factor_ends_at=None)
        return way

    async def replace_recovery_codes(self, account_id: UUID, now: datetime) -> list[str]:
        await RecoveryCode.filter(account_id=account_id).delete()
        codes = [generate(RECOVERY_CODE_LENGTH) for _ in range(RECOVERY_CODES)]
        await RecoveryCode.bulk_create(
            RecoveryCode(digest=self._digest(account_id, code), account_id=account_id, created_at=now) for code in codes
        )
        return [f"{code[:_GROUP]}-{code[_GROUP:]}" for code in codes]

    async def remove(self, account: Account) -> None:
        """Removes the second factor of a locked account, and ends what waits for it or was remembered of it.

        Its passkeys stay, to sign in with.
        """
        await TotpFactor.filter(account_id=account.id).delete()
        await RecoveryCode.filter(account_id=account.id).delete()
        await LoginChallenge.filter(account_id=account.id).delete()
        await RememberedDevice.filter(account_id=account.id).delete()
        account.second_factor_since = account.second_factor_ends_at = None
        await account.save(update_fields=["second_factor_since", "second_factor_ends_at"])

    async def view(self, account_id: UUID, since: datetime) -> SecondFactorView:
        left = await RecoveryCode.filter(account_id=account_id).count()
        return SecondFactorView(since, left, await proof_ways(account_id, second_factor=True))

    async def _accept_totp(self, account_id: UUID, typed: str, now: datetime, *, confirmed: bool) -> bool:
        """Advances the last step by one conditional UPDATE, so that of two requests with one code, one succeeds."""
        factor = await TotpFactor.get_or_none(account_id=account_id, confirmed_at__isnull=not confirmed)
        if factor is None or not _is_totp(typed):
            return False
        key = self._vault.open(account_id, factor.key)
        step = totp.matching_step(key, typed, now, factor.last_step) if key else None
        if step is None:
            return False
        unchanged = TotpFactor.filter(id=factor.id, last_step=factor.last_step)
        return bool(await unchanged.update(last_step=step))

    def _digest(self, account_id: UUID, code: str) -> str:
        return hmac.digest(self._key, account_id.bytes + code.encode("utf-8", "surrogatepass"), "sha256").hex()


async def proof_ways(account_id: UUID, *, second_factor: bool) -> tuple[ProofWay, ...]:
    """Returns what the account can prove itself with. With a second factor, the password alone proves nothing."""
    has = {
        ProofWay.PASSWORD: not second_factor,
        ProofWay.TOTP: second_factor and await TotpFactor.exists(account_id=account_id, confirmed_at__isnull=False),
        ProofWay.PASSKEY: await Passkey.exists(account_id=account_id),
        ProofWay.RECOVERY_CODE: second_factor and await RecoveryCode.exists(account_id=account_id),
    }
    return tuple(way for way in ProofWay if has[way])


def _typed(code: str) -> str:
    """Returns a code as it was generated, ignoring case, spaces, dashes and what a paste adds."""
    if len(code) > _MAX_TYPED_CHARS:
        return ""
    return without_separators(in_typed_forms(code)).upper()


def code_problem(code: str) -> FieldProblem | None:
    """Returns what is wrong with the form of a code, so that a slip of the finger does not count as a wrong one."""
    if is_blank(code):
        return FieldProblem("oneTimeCode", FieldErrorCode.MISSING)
    typed = _typed(code)
    if _is_totp(typed) or (len(typed) == RECOVERY_CODE_LENGTH and set(typed) <= set(ALPHABET)):
        return None
    return FieldProblem("oneTimeCode", FieldErrorCode.MALFORMED)


def _is_totp(typed: str) -> bool:
    return len(typed) == totp.CODE_LENGTH and typed.isascii() and typed.isdigit()
