"""Captchas as pictures."""

import io
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from services.captcha.image import HEIGHT, WIDTH, draw
from services.captcha.words import WORDS

WIDEST = sorted(WORDS, key=lambda word: (len(word), sum(map(word.count, "mw"))))[-8:]
SEEDS = [bytes([number]) for number in range(8)]


def test_a_picture_is_a_palette_png_of_the_stated_size() -> None:
    drawn = draw(("limpio", "verde"), b"seed")

    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "P", (WIDTH, HEIGHT))


def test_a_picture_takes_at_most_eight_kilobytes() -> None:
    sizes = [len(draw((word, WIDEST[-1]), bytes([number]))) for number, word in enumerate(WIDEST)]

    assert [size for size in sizes if not 2000 < size < 8000] == []


def test_the_same_words_and_seed_give_the_same_picture_in_any_thread() -> None:
    alone = [draw(("limpio", "verde"), seed) for seed in SEEDS]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda seed: draw(("limpio", "verde"), seed), SEEDS))

    assert together == alone


def test_another_seed_gives_another_picture() -> None:
    assert len({draw(("limpio", "verde"), seed) for seed in SEEDS}) == len(SEEDS)


def test_other_words_give_another_picture() -> None:
    assert draw(("limpio", "verde"), b"seed") != draw(("verde", "limpio"), b"seed")


def test_ink_and_paper_have_a_strong_contrast() -> None:
    for seed in SEEDS:
        with Image.open(io.BytesIO(draw(("limpio", "verde"), seed))) as picture:
            shades = picture.convert("L").tobytes()

        assert _contrast(max(shades), min(shades)) > 7  # WCAG 2.2, 1.4.6


def test_the_longest_words_fit() -> None:
    assert words_that_do_not_fit(3) == []


def words_that_do_not_fit(pictures: int) -> list[str]:
    """What fits leaves paper on both sides, at the height of the letters, which only two curves cross."""
    drawn = [(word, _ink_by_column(draw((word, word), bytes([n])))) for word in WIDEST for n in range(pictures)]
    return [word for word, columns in drawn if max(columns[0], columns[-1]) > 24]


def _contrast(light: int, dark: int) -> float:
    return (_linear(light) + 0.05) / (_linear(dark) + 0.05)


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _ink_by_column(drawn: bytes) -> list[int]:
    with Image.open(io.BytesIO(drawn)) as picture:
        flat = picture.convert("L")
    middle = sum(flat.getextrema()) / 2  # type: ignore[arg-type]  # one band has one pair
    pixels = flat.tobytes()
    return [sum(pixels[row * WIDTH + column] < middle for row in range(HEIGHT)) for column in range(WIDTH)]
