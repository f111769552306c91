"""Captchas: derived from their id, solved in two ways, and spent by their first answer."""

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from limits.aio.storage import MemoryStorage

from models.spent_captcha import SpentCaptcha
from services.captcha.ids import CaptchaIds, Solution
from services.captcha.service import LIFE, CaptchaAnswer, CaptchaService
from services.captcha.words import WORDS
from services.common.caller import Caller
from services.common.limits import Limit, Limiter
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, DrawnCaptcha, TooManyAttempts
from services.common.secrets import Keys
from services.common.translations import Language
from tests.actors import ACTORS
from tests.clocks import Clock
from tests.proofs import proof

_KEY = b"a key of thirty-two bytes or more"
_CALLER = Caller(ip_address("203.0.113.9"))
_WORK = 10  # keys of 1 ms each
_PURPOSE = "login ana@example.com"
_ACCENTS = str.maketrans({"a": "á", "e": "é", "i": "i\u0301", "o": "ö", "u": "ü", "n": "ñ"})
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 1, 12, 0, 0, 700_000, tzinfo=UTC))


def _captchas(*keys: bytes, clock: Clock, limit: str = "1000/minute", proof_of_work: int = _WORK) -> CaptchaService:
    """With the first of the keys signed, and with each of them verified."""
    signing, *also_accepted = keys
    made = Keys(signing, also_accepted=also_accepted)
    limiter = Limiter(MemoryStorage(), made)
    return CaptchaService(
        made, limiter, Limit.parse("create_captcha", limit), ACTORS, proof_of_work=proof_of_work, clock=clock
    )


@pytest.fixture
def captchas(clock: Clock) -> CaptchaService:
    return _captchas(_KEY, clock=clock)


async def test_a_captcha_is_good_for_five_minutes(captchas: CaptchaService, clock: Clock) -> None:
    captcha = await _drawn(captchas)

    assert timedelta(minutes=5) == LIFE
    assert captcha.expires_at == clock.now.replace(microsecond=0) + LIFE


@pytest.mark.usefixtures("database")
async def test_asking_for_a_captcha_writes_nothing(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)

    await captchas.image(captcha.id)
    await captchas.audio(captcha.id, Language.ES)

    assert await SpentCaptcha.all().count() == 0


async def test_the_same_id_gives_the_same_picture_and_clip_on_every_node(
    captchas: CaptchaService, clock: Clock
) -> None:
    captcha = await _drawn(captchas)
    other_node = _captchas(_KEY, clock=clock)

    pictures = {await node.image(captcha.id) for node in (captchas, captchas, other_node)}
    clips = {await node.audio(captcha.id, Language.ES) for node in (captchas, captchas, other_node)}

    assert len(pictures) == len(clips) == 1
    assert [made[:4] for made in (*pictures, *clips) if made] == [b"\x89PNG", b"RIFF"]


async def test_no_captcha_is_drawn_twice(captchas: CaptchaService) -> None:
    first, second = await _drawn(captchas), await _drawn(captchas)

    assert first.id != second.id
    assert _solution(captchas, first.id) != _solution(captchas, second.id)
    assert await captchas.image(first.id) != await captchas.image(second.id)
    assert await captchas.audio(first.id, Language.ES) != await captchas.audio(second.id, Language.ES)


async def test_solutions_are_two_known_words_and_eight_digits(captchas: CaptchaService) -> None:
    for _ in range(200):
        solution = _solution(captchas, (await _drawn(captchas)).id)

        assert set(solution.words) <= set(WORDS)
        assert len(solution.digits) == 8
        assert solution.digits.isdecimal()


@pytest.mark.usefixtures("database")
async def test_words_or_digits_solve_it_however_they_are_typed(captchas: CaptchaService) -> None:
    forms: list[Callable[[Solution], str]] = [
        lambda s: " ".join(s.words),  # words
        lambda s: " ".join(s.words).upper(),  # capitals
        lambda s: f"  {s.words[0]}\t \n{s.words[1].title()} ",  # extra blanks
        lambda s: f"{s.words[0]}\u00a0{s.words[1]}",  # a non-breaking space
        lambda s: _accented(" ".join(s.words)),  # accents
        lambda s: f"{s.words[0]}, {s.words[1]}.",  # a comma and a full stop
        lambda s: "".join(s.words),  # words without a blank
        lambda s: s.digits,  # digits
        lambda s: " ".join(s.digits),  # digits apart
        lambda s: f"{s.digits[:4]}-{s.digits[4:]}\n",  # digits in groups
        lambda s: s.digits.translate(_FULL_WIDTH),  # full-width digits
    ]

    refused = []
    for form in forms:
        captcha = await _drawn(captchas)
        answer = form(_solution(captchas, captcha.id))
        if not await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, answer), _PURPOSE):
            refused.append(answer)

    assert refused == []


@pytest.mark.usefixtures("database")
async def test_a_proof_of_work_solves_it_once(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    answer = CaptchaAnswer(captcha.id, await _proof(captchas, captcha.id))

    answers = [
        await captchas.solve(_CALLER, answer, purpose) for purpose in (_PURPOSE, _PURPOSE, "login eva@example.com")
    ]

    assert [answer and answer.repeated for answer in answers] == [False, True, None]


@pytest.mark.usefixtures("database")
async def test_a_proof_without_its_challenge_is_short_and_solves_it_too(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    payload = json.loads(base64.b64decode(await _proof(captchas, captcha.id)))
    short = base64.b64encode(json.dumps({"solution": payload["solution"]}).encode()).decode()

    assert await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, short), _PURPOSE)


@pytest.mark.usefixtures("database")
async def test_the_proof_of_another_captcha_spends_it(captchas: CaptchaService) -> None:
    captcha, other = await _drawn(captchas), await _drawn(captchas)

    wrong = await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, await _proof(captchas, other.id)), _PURPOSE)
    right = await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, await _proof(captchas, captcha.id)), _PURPOSE)

    assert (wrong, right) == (None, None)


@pytest.mark.usefixtures("database")
async def test_a_proof_is_refused_with_the_captchas_expiry(captchas: CaptchaService, clock: Clock) -> None:
    captcha = await _drawn(captchas)
    answer = CaptchaAnswer(captcha.id, await _proof(captchas, captcha.id))

    clock.now = captcha.expires_at

    assert await captchas.solve(_CALLER, answer, _PURPOSE) is None


@pytest.mark.usefixtures("database")
async def test_without_proofs_of_work_there_is_no_challenge_and_none_is_accepted(
    captchas: CaptchaService, clock: Clock
) -> None:
    captcha = await _drawn(captchas)
    answer = CaptchaAnswer(captcha.id, await _proof(captchas, captcha.id))
    without = _captchas(_KEY, clock=clock, proof_of_work=0)

    assert await without.proof_of_work(captcha.id) is None
    assert await without.solve(_CALLER, answer, _PURPOSE) is None


@pytest.mark.usefixtures("database")
async def test_a_wrong_answer_spends_the_captcha(captchas: CaptchaService) -> None:
    forms: list[Callable[[Solution], str]] = [
        lambda s: "",  # nothing
        lambda s: "otras palabras",  # other words
        lambda s: s.words[0],  # the first word
        lambda s: f"{s.words[1]} {s.words[0]} x",  # one word too many
        lambda s: f"{s.words[0]} y {s.words[1]}",  # a word between
        lambda s: s.digits[:-1],  # seven digits
        lambda s: s.digits + "0",  # nine digits
        lambda s: f"{int(s.digits[0]) + 1}"[-1] + s.digits[1:],  # a wrong digit
        lambda s: "\0",  # NUL
        lambda s: "\ud800",  # a surrogate
        lambda s: "😀",  # an emoji
    ]

    accepted = []
    for form in forms:
        captcha = await _drawn(captchas)
        solution = _solution(captchas, captcha.id)
        wrong = await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, form(solution)), _PURPOSE)
        right = await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, solution.digits), _PURPOSE)
        if wrong or right:
            accepted.append((form(solution), solution.words, solution.digits))

    assert accepted == []


@pytest.mark.usefixtures("database")
async def test_a_megabyte_is_no_answer_and_does_not_spend_the_captcha(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)

    assert not await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, "1" * 1_000_000), _PURPOSE)
    assert await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits), _PURPOSE)


@pytest.mark.usefixtures("database")
async def test_a_right_answer_counts_for_one_purpose(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    answer = CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits)

    assert await captchas.solve(_CALLER, answer, _PURPOSE)
    assert await captchas.solve(_CALLER, answer, "login eva@example.com") is None


@pytest.mark.usefixtures("database")
async def test_a_right_answer_may_be_sent_again_a_few_times_for_the_same_purpose(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    solution = _solution(captchas, captcha.id)

    answers = [
        await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, answer), _PURPOSE)
        for answer in (solution.digits, " ".join(solution.words), "wrong", *[solution.digits] * 3)
    ]

    assert [answer and answer.repeated for answer in answers] == [False, True, None, True, True, None]


@pytest.mark.usefixtures("database")
async def test_of_thirty_right_answers_at_once_one_is_the_first(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    answer = CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits)

    answers = await asyncio.gather(*(captchas.solve(_CALLER, answer, _PURPOSE) for _ in range(30)))

    assert sorted(answer.repeated for answer in answers if answer) == [False, True, True, True]
    assert await SpentCaptcha.all().count() == 1


@pytest.mark.usefixtures("database")
async def test_a_captcha_is_used_once(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    answer = CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits)
    first, again = [await captchas.solve(_CALLER, answer, _PURPOSE) for _ in range(2)]
    assert first
    assert again

    under_way = asyncio.create_task(captchas.is_used(again))
    done = [await captchas.use(first), await captchas.use(again)]

    assert done == [True, False]
    assert await under_way


@pytest.mark.usefixtures("database")
async def test_a_captcha_counts_until_its_last_moment(captchas: CaptchaService, clock: Clock) -> None:
    captcha = await _drawn(captchas)

    clock.now = captcha.expires_at - timedelta(microseconds=1)

    assert await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits), _PURPOSE)


@pytest.mark.usefixtures("database")
async def test_an_expired_captcha_is_refused_and_not_kept(captchas: CaptchaService, clock: Clock) -> None:
    captcha = await _drawn(captchas)

    clock.now = captcha.expires_at

    assert not await captchas.solve(
        _CALLER, CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits), _PURPOSE
    )
    assert await SpentCaptcha.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_a_spent_captcha_is_kept_with_its_expiry_and_without_its_answer(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)

    await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, "una respuesta"), _PURPOSE)

    (row,) = await SpentCaptcha.all()
    assert row.expires_at == captcha.expires_at
    assert captcha.id not in row.id
    assert row.purpose is None


@pytest.mark.usefixtures("database")
async def test_the_email_that_a_captcha_was_solved_for_is_not_kept_in_clear(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)

    await captchas.solve(_CALLER, CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits), _PURPOSE)

    (row,) = await SpentCaptcha.all()
    assert row.purpose
    assert "ana" not in row.purpose


async def test_a_forged_id_is_no_captcha_of_ours(captchas: CaptchaService) -> None:
    """It is refused without a database: spending it would fail here."""
    forgeries: list[Callable[[str], str]] = [
        lambda given: "",  # empty
        lambda given: "x",  # a letter
        lambda given: given[:-1],  # truncated by one
        lambda given: given[:-16],  # truncated
        lambda given: given[1:],  # beheaded
        lambda given: given + "A",  # too long
        lambda given: given + "=",  # padded
        lambda given: f" {given}",  # a blank before
        lambda given: f"{given}\n",  # a line break behind
        lambda given: given.swapcase(),  # in another case
        lambda given: _flipped(given, 0),  # another nonce
        lambda given: _flipped(given, 20),  # another expiry
        lambda given: _flipped(given, 39),  # another signature
        lambda given: base64.urlsafe_b64encode(secrets.token_bytes(40)).decode().rstrip("="),  # random
        lambda given: base64.urlsafe_b64encode(b"\xff" * 40).decode().rstrip("="),  # the year 584 milliard
        lambda given: "ñ" * 54,  # beyond ASCII
        lambda given: "\0" * 54,  # NULs
        lambda given: "\ud800" + given[1:],  # a surrogate
        lambda given: "A" * 1_000_000,  # a megabyte
        lambda given: "../../etc/passwd",  # a path
    ]
    genuine = await _drawn(captchas)
    digits = _solution(captchas, genuine.id).digits

    for forge in forgeries:
        forged = forge(genuine.id)

        assert forged != genuine.id
        assert captchas.solution(forged) is None
        assert not await captchas.solve(_CALLER, CaptchaAnswer(forged, digits), _PURPOSE)
        with pytest.raises(ValueError, match="not one of our captchas"):
            await captchas.image(forged)
        with pytest.raises(ValueError, match="not one of our captchas"):
            await captchas.proof_of_work(forged)
        with pytest.raises(ValueError, match="not one of our captchas"):
            await captchas.audio(forged, Language.ES)


async def test_two_captchas_have_two_challenges_and_every_node_knows_both(
    captchas: CaptchaService, clock: Clock
) -> None:
    first, second = await _drawn(captchas), await _drawn(captchas)
    nodes = (captchas, _captchas(_KEY, clock=clock), _captchas(b"new", _KEY, clock=clock))

    challenges = [{await node.proof_of_work(each.id) for node in nodes} for each in (first, second)]

    assert len(challenges[0]) == len(challenges[1]) == 1
    assert challenges[0] != challenges[1]


async def test_an_id_is_written_in_one_way_only(captchas: CaptchaService) -> None:
    """Otherwise one captcha could be answered under several ids."""
    captcha = await _drawn(captchas)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"

    accepted = [letter for letter in alphabet if captchas.solution(captcha.id[:-1] + letter)]

    assert accepted == [captcha.id[-1]]


@pytest.mark.usefixtures("database")
async def test_the_first_key_signs_and_all_verify(clock: Clock) -> None:
    old, rotated, new = (_captchas(*keys, clock=clock) for keys in ((b"old",), (b"new", b"old"), (b"new",)))
    before, after = await _drawn(old), await _drawn(rotated)

    assert rotated.solution(before.id) is not None
    assert _same(rotated.solution(before.id), old.solution(before.id))
    assert await rotated.image(before.id) == await old.image(before.id)
    assert _same(rotated.solution(after.id), new.solution(after.id))
    assert old.solution(after.id) is None
    assert new.solution(before.id) is None
    assert not await new.solve(_CALLER, CaptchaAnswer(before.id, _solution(old, before.id).digits), _PURPOSE)
    assert await rotated.solve(_CALLER, CaptchaAnswer(before.id, _solution(old, before.id).digits), _PURPOSE)


@pytest.mark.usefixtures("database")
async def test_a_captcha_spent_before_a_key_rotation_is_spent_afterwards(clock: Clock) -> None:
    old, rotated = (_captchas(*keys, clock=clock) for keys in ((b"old",), (b"new", b"old")))
    captcha = await _drawn(old)
    answer = CaptchaAnswer(captcha.id, _solution(old, captcha.id).digits)

    assert await old.solve(_CALLER, answer, _PURPOSE)
    assert await rotated.solve(_CALLER, answer, "login eva@example.com") is None


async def test_an_id_does_not_reveal_its_answer(captchas: CaptchaService, clock: Clock) -> None:
    captcha = await _drawn(captchas)
    solution = _solution(captchas, captcha.id)
    decoded = base64.urlsafe_b64decode(captcha.id + "==")
    stranger = _captchas(b"another key", clock=clock)

    assert not any(secret in captcha.id for secret in (*solution.words, solution.digits))
    assert not any(secret.encode() in decoded for secret in (*solution.words, solution.digits))
    assert stranger.solution(captcha.id) is None


async def test_an_answer_follows_from_the_id_only_with_the_key(captchas: CaptchaService, clock: Clock) -> None:
    """The code and an id are of no use without the key."""
    captcha = await _drawn(captchas)
    stranger = _captchas(b"another key", clock=clock)
    payload = base64.urlsafe_b64decode(captcha.id + "==")[:24]

    theirs = _solution(stranger, CaptchaIds(Keys(b"another key")).sign(payload))

    ours = _solution(captchas, captcha.id)
    assert theirs.words != ours.words
    assert theirs.digits != ours.digits
    assert theirs.seed != ours.seed


async def test_nothing_secret_is_in_a_repr(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)
    solution = _solution(captchas, captcha.id)
    answer = CaptchaAnswer(captcha.id, solution.digits)

    shown = f"{solution!r} {solution} {answer!r} {answer} {captcha!r} {captchas!r}"

    assert not any(secret in shown for secret in (*solution.words, solution.digits, repr(solution.seed)))
    assert captcha.id in repr(answer)


async def test_a_request_without_an_answer_gets_a_captcha(captchas: CaptchaService) -> None:
    outcome = await captchas.require(_CALLER, None, _PURPOSE)

    assert isinstance(outcome, CaptchaRequired)
    assert captchas.solution(outcome.captcha.id)


@pytest.mark.usefixtures("database")
async def test_a_right_answer_passes(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)

    outcome = await captchas.require(
        _CALLER, CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits), _PURPOSE
    )

    assert outcome is None


@pytest.mark.usefixtures("database")
async def test_a_wrong_answer_gets_a_fresh_captcha(captchas: CaptchaService) -> None:
    captcha = await _drawn(captchas)

    for answered in (captcha.id[:-1], "", captcha.id):
        outcome = await captchas.require(_CALLER, CaptchaAnswer(answered, "otras palabras"), _PURPOSE)

        assert isinstance(outcome, CaptchaMismatch)
        fresh = outcome.captcha.id
        assert fresh != captcha.id
        answer = CaptchaAnswer(fresh, _solution(captchas, fresh).digits)
        assert await captchas.require(_CALLER, answer, _PURPOSE) is None


@pytest.mark.usefixtures("database")
async def test_a_client_gets_as_many_captchas_as_its_limit_says(clock: Clock) -> None:
    captchas = _captchas(_KEY, clock=clock, limit="3/minute")
    captcha = await _drawn(captchas)

    needed = await captchas.require(_CALLER, None, _PURPOSE)
    mismatch = await captchas.mismatch(_CALLER)
    refused = [
        await captchas.create(_CALLER),
        await captchas.require(_CALLER, None, _PURPOSE),
        await captchas.require(_CALLER, CaptchaAnswer("forged", "x"), _PURPOSE),
        await captchas.mismatch(_CALLER),
    ]

    assert isinstance(needed, CaptchaRequired)
    assert isinstance(mismatch, CaptchaMismatch)
    assert all(isinstance(outcome, TooManyAttempts) for outcome in refused)
    assert isinstance(await captchas.create(Caller(ip_address("203.0.113.10"))), DrawnCaptcha)
    solved = await captchas.require(
        _CALLER, CaptchaAnswer(captcha.id, _solution(captchas, captcha.id).digits), _PURPOSE
    )
    assert solved is None


async def test_an_id_never_looks_like_an_option_to_a_command(captchas: CaptchaService) -> None:
    initials = {(await _drawn(captchas)).id[0] for _ in range(20)}

    assert initials == {"A"}


def _accented(text: str) -> str:
    return text.translate(_ACCENTS)


def _flipped(id: str, place: int) -> str:
    content = bytearray(base64.urlsafe_b64decode(id + "=="))
    content[place] ^= 1
    return base64.urlsafe_b64encode(bytes(content)).decode().rstrip("=")


def _same(first: Solution | None, second: Solution | None) -> bool:
    return first is not None and first == second


async def _drawn(captchas: CaptchaService) -> DrawnCaptcha:
    captcha = await captchas.create(_CALLER)
    assert isinstance(captcha, DrawnCaptcha)
    return captcha


def _solution(captchas: CaptchaService, id: str) -> Solution:
    solution = captchas.solution(id)
    assert solution
    return solution


async def _proof(captchas: CaptchaService, id: str) -> str:
    challenge = await captchas.proof_of_work(id)
    assert challenge
    return await asyncio.to_thread(proof, challenge)
