"""The audio of a captcha: eight spoken digits over noise, for people who cannot see the words."""

import functools
import io
import random
import wave
from pathlib import Path
from statistics import NormalDist
from typing import Final

from services.common.translations import Language

RATE: Final = 8000
"""Samples per second; one byte each, one channel."""

_VOICES: Final = ("low", "middle", "high")
_PAUSE: Final = (0.75, 0.95)  # seconds, before each digit and after the last
_PACES: Final = range(94, 107, 2)  # percent
_NOISE: Final = 12  # the maximum distance of noise from silence, of 128
_SILENCE: Final = bytes([128 - _NOISE])
_GAINS: Final = range(70, 89, 2)  # percent; with the noise on top, what is recorded at full scale still fits


def dictate(digits: str, seed: bytes, language: Language) -> bytes:
    """A WAV of 9 to 14 seconds and at most 112,000 bytes, for eight ASCII digits.

    The same arguments give the same bytes, from any thread. Voice, pauses, pace and loudness follow the seed, and so
    does the noise, every sample of it: no stretch of one clip is found in another. The language counts as a part of
    the seed, or else the difference of two clips of a captcha would be free of noise.
    """
    chance = random.Random(seed + language.value.encode())
    voice = chance.choice(_VOICES)
    parts = [_pause(chance)]
    for digit in digits:
        speech = _digit(language, voice, digit, chance.choice(_PACES))
        parts += speech.translate(_GAIN_TABLES[chance.choice(_GAINS)]), _pause(chance)
    speech = b"".join(parts)
    noise = chance.randbytes(len(speech)).translate(_NOISE_TABLE)
    return _wav(_add(speech, noise))


def _pause(chance: random.Random) -> bytes:
    return _SILENCE * round(RATE * chance.uniform(*_PAUSE))


def _add(speech: bytes, noise: bytes) -> bytes:
    """Adds sample by sample, as two long integers: no sum exceeds a byte, so there is no carry."""
    total = int.from_bytes(speech, "little") + int.from_bytes(noise, "little")
    return total.to_bytes(len(speech), "little")


def _wav(samples: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 1, RATE, 0, "NONE", ""))
        file.writeframes(samples)
    return buffer.getvalue()


@functools.cache
def _digit(language: Language, voice: str, digit: str, pace: int) -> bytes:
    """Returns a spoken digit at a pace in percent of the recording. All of them together take 1.6 MB."""
    path = Path(__file__).parent / "voices" / language.value / f"{voice}-{digit}.wav"
    with wave.open(str(path)) as file:
        recorded: bytes = file.readframes(file.getnframes())
    positions = (divmod(place, 100) for place in range(0, 100 * (len(recorded) - 1), pace))
    return bytes([recorded[i] + (recorded[i + 1] - recorded[i]) * rest // 100 for i, rest in positions])


def _gain_table(gain: int) -> bytes:
    """Maps a recorded sample to one that leaves room for the noise; silence is 128 - _NOISE."""
    return bytes(128 - _NOISE + gain * (sample - 128) // 100 for sample in range(256))


def _noise_table() -> bytes:
    """Maps a uniform byte to a sample of noise: 0 to 2 * _NOISE, normally distributed."""
    bell = NormalDist(_NOISE, _NOISE / 3)
    return bytes(max(0, min(2 * _NOISE, round(bell.inv_cdf((value + 0.5) / 256)))) for value in range(256))


_GAIN_TABLES: Final = {gain: _gain_table(gain) for gain in _GAINS}
_NOISE_TABLE: Final = _noise_table()
