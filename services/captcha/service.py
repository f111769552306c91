"""Captchas without storage: nothing but which of them were answered.

A captcha only delays: every limit holds even if all captchas are solved.
"""

import asyncio
import hmac
import time
from dataclasses import dataclass, field
from datetime import timedelta

import anyio
from anyio import to_thread
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from models.spent_captcha import SpentCaptcha
from models.transactions import atomically
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.captcha.audio import dictate
from services.captcha.ids import CaptchaIds, Solution, VerifiedId
from services.captcha.image import draw
from services.captcha.proof_of_work import is_solved, write_challenge
from services.captcha.provider import MAX_TOKEN_CHARS, CaptchaProvider, ProviderAwayError, Site
from services.captcha.words import normalize_digits, normalize_words
from services.common.caller import Caller
from services.common.characters import is_blank
from services.common.clock import Clock, utc_now
from services.common.limits import Limit, Limiter
from services.common.measures import IGNORED, Measures
from services.common.outcomes import (
    CaptchaMismatch,
    CaptchaRequired,
    DrawnCaptcha,
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    TooManyAttempts,
)
from services.common.secrets import Keys
from services.common.translations import Language

LIFE = timedelta(minutes=5)
ANSWER_MISSING = FieldProblem("captcha.answer", FieldErrorCode.MISSING)
_MAX_ANSWER_CHARS = 200  # of words and digits
_MAX_SENT_CHARS = MAX_TOKEN_CHARS  # a proof of work has 500; what is longer does not even spend the captcha
_MAX_CONCURRENT = 2  # images and clips generated at a time
_MAX_REPEATS = 3  # of a right answer: a double click, and a client that retries by itself
_MAX_WAIT_SECONDS = 1.0  # that a repeated answer waits for the first one to finish
_POLL_SECONDS = 0.05
_PROVIDER_POLL_SECONDS = 0.2
_NO_PURPOSE = ""  # of a token that was refused, so that nobody waits for its verdict any more


@dataclass(frozen=True, slots=True)
class CaptchaAnswer:
    """What a client sent for a captcha."""

    id: str
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SolvedCaptcha:
    """A right answer. `repeated` if it was sent before for the same purpose, such as by a double click."""

    spent_id: str
    repeated: bool


class CaptchaService:
    def __init__(
        self,
        keys: Keys,
        limiter: Limiter,
        limit: Limit,
        actors: Actors,
        *,
        proof_of_work: int = 0,
        provider: CaptchaProvider | None = None,
        clock: Clock = utc_now,
        measures: Measures = IGNORED,
    ) -> None:
        """`proof_of_work` is how many keys a browser derives on average to solve a captcha; 0 allows no proofs.

        With a `provider`, captchas are the provider's as long as it answers, and else ours.
        """
        self._ids = CaptchaIds(keys)
        self._purposes = keys.lasting("captcha purposes")
        self._actors = actors
        self._limiter = limiter
        self._limit = limit
        self._work = proof_of_work
        self._provider = provider
        self._clock = clock
        self._measures = measures
        self._threads = anyio.CapacityLimiter(_MAX_CONCURRENT)

    async def create(self, caller: Caller) -> DrawnCaptcha | TooManyAttempts:
        if throttled := await self._limiter.hit_client(self._limit, caller):
            return throttled
        expires_at = (self._clock() + LIFE).replace(microsecond=0)
        by_provider = self._provider is not None and not self._provider.is_away
        return DrawnCaptcha(self._ids.issue(expires_at, by_provider=by_provider), expires_at)

    async def find(self, caller: Caller, id: str) -> DrawnCaptcha | TooManyAttempts | None:
        """Finds a captcha that can still be answered, to draw or dictate it again: counted like a new one.

        Returns None for an id that is not ours, has expired or was answered.
        """
        verified = self._ids.verify(id)
        if verified is None or verified.expires_at <= self._clock():
            return None
        if throttled := await self._limiter.hit_client(self._limit, caller):
            return throttled
        spent = await SpentCaptcha.exists(id=verified.spent_id)
        return None if spent else DrawnCaptcha(id, verified.expires_at)

    async def require(
        self, caller: Caller, answer: CaptchaAnswer | None, purpose: str
    ) -> CaptchaRequired | CaptchaMismatch | InvalidInput | TooManyAttempts | None:
        """Returns None if the answer is right; otherwise an outcome with a new captcha, to save the form a request.

        An empty answer spends nothing: the captcha that the form shows can still be solved. `purpose` is the name of
        the operation and, after a space, the e-mail.
        """
        if answer and is_blank(answer.answer):
            return InvalidInput((ANSWER_MISSING,))
        if answer:
            return None if await self.solve(caller, answer, purpose) else await self.mismatch(caller)
        fresh = await self.create(caller)
        return fresh if isinstance(fresh, TooManyAttempts) else CaptchaRequired(fresh)

    async def mismatch(self, caller: Caller) -> CaptchaMismatch | TooManyAttempts:
        """Returns the outcome of a wrong answer."""
        fresh = await self.create(caller)
        return fresh if isinstance(fresh, TooManyAttempts) else CaptchaMismatch(fresh)

    async def solve(self, caller: Caller, answer: CaptchaAnswer, purpose: str) -> SolvedCaptcha | None:
        """Spends the captcha. Returns None if the answer is wrong or the captcha was spent before.

        A right answer may be repeated a few times for the same `purpose`, such as a mutation and its e-mail.
        """
        solved = await self._solve(caller, answer, purpose)
        self._measures.captcha_answered("wrong" if solved is None else "repeated" if solved.repeated else "solved")
        return solved

    async def _solve(self, caller: Caller, answer: CaptchaAnswer, purpose: str) -> SolvedCaptcha | None:
        verified = self._ids.verify(answer.id)
        if verified is None or verified.expires_at <= self._clock() or len(answer.answer) > _MAX_SENT_CHARS:
            return None
        if verified.by_provider:
            return await self._solve_by_provider(caller, answer, verified, purpose)
        right = await self._is_right(answer.answer, verified)
        digest = self._digest(purpose) if right else None
        spent_id = verified.spent_id

        async def spend() -> None:
            await SpentCaptcha.create(id=spent_id, expires_at=verified.expires_at, purpose=digest)
            if not right:
                await self._record_failure(caller, purpose)

        try:
            await atomically(spend)
        except IntegrityError:
            return await _repeat(spent_id, digest) if digest else None
        return SolvedCaptcha(spent_id, repeated=False) if right else None

    async def use(self, solved: SolvedCaptcha) -> bool:
        """Marks the captcha used, in the transaction of its purpose. Returns False if it was used before."""
        return bool(await SpentCaptcha.filter(id=solved.spent_id, used=False).update(used=True))

    async def is_used(self, solved: SolvedCaptcha) -> bool:
        """Whether the captcha's purpose is done; waits briefly, since it may be in progress."""
        deadline = time.monotonic() + _MAX_WAIT_SECONDS
        while not await SpentCaptcha.exists(id=solved.spent_id, used=True):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def solution(self, id: str) -> Solution | None:
        """Returns the solution, or None for an id that none of our keys signed, or of the provider's captcha."""
        verified = self._ids.verify(id)
        return verified.solution if verified and not verified.by_provider else None

    def provider(self, id: str) -> Site | None:
        """Returns whose captcha it is; None if it is ours. Raises ValueError for an id that is not ours."""
        return self._provider.site if self._provider and self._known(id).by_provider else None

    async def image(self, id: str) -> bytes | None:
        """Returns the image as PNG, None for the provider's. Raises ValueError for an id that is not ours."""
        known = self._known(id)
        if known.by_provider:
            return None
        solution = known.solution
        self._measures.captcha_drawn("picture")
        return await to_thread.run_sync(draw, solution.words, solution.seed, limiter=self._threads)

    async def audio(self, id: str, language: Language) -> bytes | None:
        """Returns the audio as WAV, None for the provider's. Raises ValueError for an id that is not ours."""
        known = self._known(id)
        if known.by_provider:
            return None
        solution = known.solution
        self._measures.captcha_drawn("clip")
        return await to_thread.run_sync(dictate, solution.digits, solution.seed, language, limiter=self._threads)

    def accepts_proof_of_work(self, id: str) -> bool:
        """Whether a proof of work solves it. Raises ValueError for an id that is not ours."""
        return self._work > 0 and not self._known(id).by_provider

    async def proof_of_work(self, id: str) -> str | None:
        """Returns the challenge for ALTCHA's widget, or None if it is off. Raises ValueError for an id not ours."""
        known = self._known(id)
        if not self.accepts_proof_of_work(id):
            return None
        arguments = (known.proof_secret, self._work, known.expires_at)
        return await to_thread.run_sync(write_challenge, *arguments, limiter=self._threads)

    async def _solve_by_provider(
        self, caller: Caller, answer: CaptchaAnswer, verified: VerifiedId, purpose: str
    ) -> SolvedCaptcha | None:
        """Spends the captcha before the provider is asked, which accepts a token once; a repetition waits for that."""
        spent_id, digest = verified.spent_id, self._digest(f"{purpose} {answer.answer}")
        if self._provider is None:  # it was removed from the settings
            return None
        try:
            await SpentCaptcha.create(id=spent_id, expires_at=verified.expires_at)
        except IntegrityError:
            return await self._await_repeat(spent_id, digest, self._provider.timeout)
        try:
            right = await self._provider.verify(answer.answer, answer.id)
        except ProviderAwayError:
            right = False

        async def decide() -> None:
            await SpentCaptcha.filter(id=spent_id).update(purpose=digest if right else _NO_PURPOSE)
            if not right:
                await self._record_failure(caller, purpose)

        await atomically(decide)
        return SolvedCaptcha(spent_id, repeated=False) if right else None

    async def _record_failure(self, caller: Caller, purpose: str) -> None:
        """Only when a captcha is spent, once: forged ids, which no limit counts, would fill the audit trail."""
        operation, _, email_key = purpose.partition(" ")
        email = self._actors.email(email_key)
        actor = self._actors.of(caller)
        await record(actor, EventKind.CAPTCHA_FAILED, email=email, detail=operation)

    async def _await_repeat(self, spent_id: str, digest: str, seconds: float) -> SolvedCaptcha | None:
        deadline = time.monotonic() + seconds
        while True:
            # Read before the repetition is counted: a verdict may come between the two statements.
            decided = not await SpentCaptcha.exists(id=spent_id, purpose=None)
            repeated = await _repeat(spent_id, digest)
            if repeated or decided or time.monotonic() > deadline:
                return repeated
            await asyncio.sleep(_PROVIDER_POLL_SECONDS)

    def _digest(self, purpose: str) -> str:
        return hmac.digest(self._purposes, purpose.encode("utf-8", "surrogatepass"), "sha256").hex()

    async def _is_right(self, answer: str, verified: VerifiedId) -> bool:
        if len(answer) <= _MAX_ANSWER_CHARS and _solves(answer, verified.solution):
            return True
        if not self._work:
            return False
        return await to_thread.run_sync(is_solved, answer, verified.proof_secret, self._work, limiter=self._threads)

    def _known(self, id: str) -> VerifiedId:
        verified = self._ids.verify(id)
        if verified is None:
            raise ValueError("not one of our captchas")
        return verified


async def _repeat(spent_id: str, digest: str) -> SolvedCaptcha | None:
    """Counts a repetition of a right answer for the same purpose; None if there is none to repeat, or too many."""
    spent = SpentCaptcha.filter(id=spent_id, purpose=digest, repeats__lt=_MAX_REPEATS)
    return SolvedCaptcha(spent_id, repeated=True) if await spent.update(repeats=F("repeats") + 1) else None


def _solves(answer: str, solution: Solution) -> bool:
    typed = normalize_words(answer).encode("utf-8", "surrogatepass")
    words = hmac.compare_digest(typed, "".join(solution.words).encode())
    digits = hmac.compare_digest(normalize_digits(answer).encode(), solution.digits.encode())
    return words or digits
