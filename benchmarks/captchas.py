"""Prints what a captcha costs, and how many of its words Tesseract reads, if it is there (apt install tesseract-ocr).

    .venv/bin/python -m benchmarks.captchas [--pictures 200]

Tesseract gets each word enlarged, smoothed and in black and white, and knows that it has only letters from a to z.
"""

import argparse
import io
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from PIL import Image, ImageFilter

from services.captcha.audio import dictate
from services.captcha.image import HEIGHT, WIDTH, draw
from services.captcha.words import WORDS
from services.common.translations import Language

_ROUNDS, _DRAWN = 5, 100
_ENLARGED = 3
_THRESHOLD = 140  # between ink and paper
_COMMAND = ["tesseract", "-", "-", "--psm", "7", "-c", "tessedit_char_whitelist=abcdefghijklmnopqrstuvwxyz"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=200)
    pictures = parser.parse_args().pictures
    serials = (str(number).encode() for number in count())
    print(f"picture: {_milliseconds(lambda: draw(('mariposa', 'ventanal'), next(serials))):.2f} ms of CPU time")
    print(f"clip: {_milliseconds(lambda: dictate('01234567', next(serials), Language.ES)):.2f} ms of CPU time")
    if shutil.which(_COMMAND[0]) is None:
        print("Tesseract is not installed: apt install tesseract-ocr")
        return
    with ThreadPoolExecutor(2) as threads:
        read = sum(threads.map(_words_read, range(pictures)))
    print(f"Tesseract reads {read} of {2 * pictures} words")


def _milliseconds(work: Callable[[], object]) -> float:
    """Returns the CPU time of one of many, in the best of some rounds."""

    def rounds() -> Iterator[float]:
        for _ in range(_ROUNDS):
            begun = time.process_time()
            for _ in range(_DRAWN):
                work()
            yield (time.process_time() - begun) / _DRAWN * 1000

    return min(rounds())


def _words_read(number: int) -> int:
    chance = random.Random(number)
    words = (chance.choice(WORDS), chance.choice(WORDS))
    with Image.open(io.BytesIO(draw(words, str(number).encode()))) as drawn:
        large = drawn.convert("L").resize((_ENLARGED * WIDTH, _ENLARGED * HEIGHT), Image.Resampling.BICUBIC)
    clear = large.filter(ImageFilter.MedianFilter(9)).point(lambda shade: 255 if shade > _THRESHOLD else 0)
    middle = clear.height // 2
    halves = [(0, 0, clear.width, middle), (0, middle, clear.width, clear.height)]
    return sum(_read(clear.crop(half)) == word for half, word in zip(halves, words, strict=True))


def _read(word: Image.Image) -> str:
    file = io.BytesIO()
    word.save(file, "PNG")
    return subprocess.run(_COMMAND, input=file.getvalue(), capture_output=True, check=True).stdout.decode().strip()


if __name__ == "__main__":
    main()
