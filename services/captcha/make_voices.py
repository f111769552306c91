"""Dictates the ten digits of each language into `voices/`: run by hand, from the repository, when they are to change.

    apt-get install espeak-ng
    python -m services.captcha.make_voices

The files in the repository were made with espeak-ng 1.51, whose speech is the same on every run. espeak-ng
comes under the GPL 3; what it says is no derivative of the program and is free to use.

Each file is one digit, 8 kHz 8-bit mono, without the silence around it and as loud as 8 bits allow. Three
voices take about 110 KB a language.
"""

import io
import math
import subprocess
import wave
from array import array
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Final

_VOICES: Final = {  # espeak-ng's variant, pitch (0 to 99) and words a minute
    "low": ("m1", 40, 140),
    "middle": ("m3", 75, 140),
    "high": ("f2", 55, 178),
}
_DIALECTS: Final = {"es": "es-419", "en": "en-us"}
_WORDS: Final = {
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
_RATE: Final = 8000
_LOBES: Final = 16  # of the sinc on either side; more of them cut off more sharply what 8 kHz cannot hold
_EMPHASIS: Final = 0.5  # of what is high over what is low, as consonants need it against noise
_COMPRESSION: Final = 0.4  # 0 leaves the loudness as it is, 1 makes it the same throughout
_DRIVE: Final = 1.6  # how hard peaks are pressed down
_SILENCE: Final = 0.08  # of the peak
_FADE: Final = 80  # samples


def main() -> None:
    for language, dialect in _DIALECTS.items():
        folder = Path(__file__).parent / "voices" / language
        folder.mkdir(parents=True, exist_ok=True)
        for (name, (variant, pitch, pace)), (digit, word) in product(_VOICES.items(), enumerate(_WORDS[language])):
            speech = _trim(_compress(_resample(*_speak(word, f"{dialect}+{variant}", pitch, pace))))
            with wave.open(str(folder / f"{name}-{digit}.wav"), "wb") as file:
                file.setparams((1, 1, _RATE, 0, "NONE", ""))
                file.writeframes(_to_bytes(speech))


def _speak(word: str, voice: str, pitch: int, pace: int) -> tuple[Sequence[int], int]:
    """16-bit samples and how many of them are a second."""
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(pace), "--stdout", word]
    said = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  # words of our own
    with wave.open(io.BytesIO(said.stdout)) as file:
        return array("h", file.readframes(file.getnframes())), file.getframerate()


def _resample(samples: Sequence[int], rate: int) -> list[float]:
    """The samples at 8 kHz, through a windowed sinc that lets nothing above 3.7 kHz pass."""
    step, cutoff = rate / _RATE, 3700 * 2 / rate
    reach = _LOBES / cutoff

    def at(center: float) -> float:
        first, last = max(0, math.ceil(center - reach)), min(len(samples) - 1, math.floor(center + reach))
        return sum(samples[i] * _sinc((i - center) * cutoff) for i in range(first, last + 1)) * cutoff

    return [at(i * step) for i in range(int(len(samples) / step))]


def _sinc(x: float) -> float:
    if not x:
        return 1.0
    window = 0.5 + 0.5 * math.cos(math.pi * x / _LOBES)
    return window * math.sin(math.pi * x) / (math.pi * x)


def _compress(speech: list[float]) -> list[float]:
    """Loud and soft brought nearer to each other, so that an s is heard beside a vowel."""
    crisp = [after - _EMPHASIS * before for before, after in pairwise([0.0, *speech])]
    envelope, leveled = 0.0, []
    for value in crisp:
        envelope = max(abs(value), envelope * 0.995)  # falls by half in 17 ms
        leveled.append(value / max(envelope, 30.0) ** _COMPRESSION)
    return leveled


def _trim(speech: list[float]) -> list[float]:
    """From the first to the last sound, scaled to a peak of 1, with a short fade at both ends."""
    peak = max(map(abs, speech))
    loud = [i for i, value in enumerate(speech) if abs(value) > _SILENCE * peak]
    first, last = max(0, loud[0] - _FADE), min(len(speech), loud[-1] + _FADE)
    count = last - first
    return [speech[first + i] / peak * min(1.0, (i + 1) / _FADE, (count - i) / _FADE) for i in range(count)]


def _to_bytes(speech: list[float]) -> bytes:
    """Unsigned, as 8-bit WAV has it: 128 is silence. The few highest peaks give way for the rest."""
    return bytes(128 + round(127 * math.tanh(_DRIVE * value) / math.tanh(_DRIVE)) for value in speech)


if __name__ == "__main__":
    main()
