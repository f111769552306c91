"""Captchas as clips."""

import io
import statistics
import wave
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

from services.captcha import audio
from services.captcha.audio import RATE, dictate
from services.common.translations import Language

_VOICES = Path(audio.__file__).with_name("voices")
WINDOW = 400  # samples, 50 ms
SEEDS = [number.to_bytes(2, "big") for number in range(30)]


def test_a_dictation_is_a_wav_of_8_khz_8_bit_mono() -> None:
    with wave.open(io.BytesIO(dictate("01234567", b"seed", Language.ES))) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 1, 1)
        assert RATE == 8000


def test_a_dictation_lasts_9_to_14_seconds_and_takes_at_most_112_kilobytes() -> None:
    for language, digits in product(Language, ("11111111", "22222222", "55555555", "01234567", "98765432")):
        for seed in SEEDS[:10]:
            clip = dictate(digits, seed, language)

            assert 9 <= len(samples_of(clip)) / RATE <= 14
            assert len(clip) <= 112_000


def test_the_same_digits_and_seed_give_the_same_clip_in_any_thread() -> None:
    alone = [dictate("01234567", seed, Language.ES) for seed in SEEDS[:8]]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda seed: dictate("01234567", seed, Language.ES), SEEDS[:8]))

    assert together == alone


def test_another_seed_gives_another_clip() -> None:
    assert dictate("01234567", b"one", Language.ES) != dictate("01234567", b"two", Language.ES)


def test_other_digits_give_another_clip() -> None:
    assert dictate("01234567", b"seed", Language.ES) != dictate("76543210", b"seed", Language.ES)


def test_no_50_ms_are_heard_twice() -> None:
    clips = [samples_of(dictate("01234567", seed, Language.ES)) for seed in SEEDS]

    assert not share_a_window(clips)


def test_50_ms_heard_twice_would_be_noticed() -> None:
    one, two = (samples_of(dictate("01234567", seed, Language.ES)) for seed in (b"one", b"two"))

    for at, to in ((0, 0), (1234, 40_001), (70_007, 555)):
        forged = two[:to] + one[at : at + WINDOW] + two[to + WINDOW :]

        assert share_a_window([one, forged])


def test_the_clips_of_a_captcha_in_two_languages_share_no_noise() -> None:
    clips = [samples_of(dictate("01234567", seed, language)) for seed in SEEDS[:10] for language in Language]

    assert not share_a_window(clips)


@pytest.mark.parametrize("language", Language)
def test_the_digits_of_a_language_are_recorded_in_three_voices_alike(language: Language) -> None:
    """In every language as long and as loud, as measured; people listened to the first."""
    recorded = {path.stem: path.read_bytes() for path in _VOICES.joinpath(language.value).iterdir()}

    assert sorted(recorded) == sorted(f"{voice}-{digit}" for voice in ("low", "middle", "high") for digit in range(10))
    assert len(set(recorded.values())) == 30
    for voice in ("low", "middle", "high"):
        digits = [samples_of(recorded[f"{voice}-{digit}"]) for digit in range(10)]
        assert all(0.3 < len(digit) / RATE < 0.65 for digit in digits)
        assert all(26 < _power(digit) ** 0.5 < 52 for digit in digits)
        assert 29 < statistics.mean(_power(digit) ** 0.5 for digit in digits) < 41
        assert all({1, 255} & set(digit) for digit in digits)  # as loud as 8 bits allow


@pytest.mark.parametrize("language", Language)
def test_eight_digits_stand_out_from_the_noise(language: Language) -> None:
    for seed in SEEDS[:10]:
        samples = samples_of(dictate("01234567", seed, language))
        noise = _power(samples[: RATE // 2])

        spoken = _stretches(samples, noise)

        assert len(spoken) == 8
        assert min(map(_power, spoken)) > 10 * noise


def test_samples_are_never_clipped() -> None:
    clips = [samples_of(dictate("01234567", seed, language)) for seed in SEEDS for language in Language]

    assert min(map(min, clips)) > 0
    assert max(map(max, clips)) < 255


def samples_of(clip: bytes) -> bytes:
    with wave.open(io.BytesIO(clip)) as file:
        samples: bytes = file.readframes(file.getnframes())
    return samples


def share_a_window(clips: list[bytes], size: int = 24, step: int = 16) -> bool:
    """Whether any two clips have 50 ms in common, at any alignment.

    Of each clip, pieces at every `step` are kept, and pieces at `step` places in a row are looked up, so
    often that every window holds a whole row: of two equal windows, one of the row meets a kept piece.
    """
    rows = WINDOW - size - step
    kept: set[bytes] = set()
    for clip in clips:
        last = len(clip) - size
        starts = (at + offset for at in range(0, last, rows) for offset in range(step))
        if not kept.isdisjoint(clip[at : at + size] for at in starts):
            return True
        kept.update(clip[at : at + size] for at in range(0, last, step))
    return False


def _power(samples: bytes) -> float:
    return sum((sample - 128) ** 2 for sample in samples) / len(samples)


def _stretches(samples: bytes, noise: float) -> list[bytes]:
    """What is spoken between pauses: runs of windows louder than the noise, a quarter of a second apart."""
    windows = [samples[at : at + WINDOW] for at in range(0, len(samples), WINDOW)]
    loud = [at for at, window in enumerate(windows) if _power(window) > 3 * noise]
    runs: list[list[int]] = []
    for at in loud:
        if runs and at - runs[-1][-1] <= 5:
            runs[-1].append(at)
        else:
            runs.append([at])
    return [b"".join(windows[run[0] : run[-1] + 1]) for run in runs]
