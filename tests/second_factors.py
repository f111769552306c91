"""Accounts with a second factor, and their owners' authenticator apps."""

import asyncio
import time
from datetime import datetime
from typing import Any

import pyotp

from models.account import Account
from models.recovery_code import RecoveryCode
from models.totp_factor import TotpFactor
from tests.api import Api
from tests.companies import signed_in
from tests.forms import EMAIL, PASSWORD

STEP = 30  # seconds


class Authenticator:
    """An app with the account's key. Each code that it shows is a new one, as if time had passed."""

    def __init__(self, key: str) -> None:
        self._hotp = pyotp.HOTP(key)
        self._steps = iter(range(int(time.time()) // STEP - 1, int(time.time()) // STEP + 2))

    def code(self) -> str:
        return self._hotp.at(next(self._steps))

    def at(self, steps: int) -> str:
        return self._hotp.at(int(time.time()) // STEP + steps)


class Protected:
    """An account with a second factor, and what its owner has."""

    def __init__(self, me: Api, app: Authenticator, recovery_codes: list[str]) -> None:
        self.me, self.app, self.recovery_codes = me, app, recovery_codes


async def enrolled(me: Api) -> Authenticator:
    if (left := STEP - time.time() % STEP) < 1:  # the first code, which is of the step before, would be too old
        await asyncio.sleep(left)
    answer = await me.run("EnrollTotp")
    assert answer["__typename"] == "EnrollTotpSuccess", answer
    return Authenticator(answer["key"])


async def protect(api: Api, email: str = EMAIL) -> Protected:
    me = await signed_in(api, email=email)
    app = await enrolled(me)
    confirmed = await me.act("ConfirmTotp", oneTimeCode=app.code())
    assert confirmed["__typename"] == "ConfirmTotpSuccess", confirmed
    await api.mails()
    return Protected(me, app, confirmed["recoveryCodes"])


async def backdate(added_at: datetime) -> None:
    """As if every second factor had been added then."""
    await Account.all().update(second_factor_since=added_at)
    await TotpFactor.all().update(confirmed_at=added_at)
    await RecoveryCode.all().update(created_at=added_at)


async def challenge_of(api: Api, password: str = PASSWORD) -> str:
    answer = await api.act("Login", email=EMAIL, password=password)
    assert answer["__typename"] == "SecondFactorRequiredError", answer
    return str(answer["challenge"])


async def verify(api: Api, challenge: str, code: str, **more: Any) -> Any:
    return await api.act("VerifySecondFactor", challenge=challenge, oneTimeCode=code, **more)
