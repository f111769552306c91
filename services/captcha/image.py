"""The image of a captcha: two words that people read well and plain OCR does not."""

import functools
import io
import math
import random
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 320
"""Pixels."""
HEIGHT: Final = 120
"""Pixels."""

_FONTS = ("Go-Bold.ttf", "Go-Mono-Bold.ttf")
_EM = 44
_TILE = 72  # the height of a letter's own picture, from above the ascenders to below the descenders
_BASELINE = 50
_LINES = (32, 86)  # the middle of each word
_MARGIN = 8
_CELL = 20  # of the grid by which the picture is bent
_SHADES = 8


def draw(words: tuple[str, str], seed: bytes) -> bytes:
    """Draws a PNG of WIDTH x HEIGHT pixels, one word above the other, each of at most eight letters a to z.

    The same words and seed give the same bytes, from any thread, with the same version of Pillow.
    """
    chance = random.Random(seed)
    ink = Image.new("L", (WIDTH, HEIGHT))
    for word, middle in zip(words, _LINES, strict=True):
        _write(ink, word, middle, chance)
        _scratch(ink, middle, chance)
    bent = _bend(ink, chance)
    _speckle(bent, chance)
    return _png(bent, chance)


def _write(ink: Image.Image, word: str, middle: int, chance: random.Random) -> None:
    """Rotates, stretches and overlaps the letters, each differently."""
    letters = [_tilt(_letter(chance.choice(_FONTS), letter), chance) for letter in word]
    overlaps = [chance.randint(4, 7) for _ in letters]
    width = sum(letter.width for letter in letters) - sum(overlaps)
    left = chance.randint(_MARGIN, max(_MARGIN, WIDTH - _MARGIN - width))
    for letter, overlap in zip(letters, overlaps, strict=True):
        ink.paste(255, (left, middle - letter.height // 2 + chance.randint(-4, 4)), letter)
        left += letter.width - overlap


def _tilt(letter: Image.Image, chance: random.Random) -> Image.Image:
    """Rotates the letter about its center and stretches it, in an image of the same height."""
    angle = math.radians(chance.uniform(-20, 20))
    across, down = chance.uniform(1.0, 1.25), chance.uniform(0.95, 1.1)
    cos, sin = math.cos(angle), math.sin(angle)
    width = round(across * letter.width * cos + 0.35 * letter.height * abs(sin))
    a, b, d, e = cos / across, sin / across, -sin / down, cos / down
    x, y = width / 2, letter.height / 2
    matrix = (a, b, letter.width / 2 - a * x - b * y, d, e, y - d * x - e * y)
    return letter.transform((width, letter.height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


def _scratch(ink: Image.Image, middle: int, chance: random.Random) -> None:
    """Draws three curves across a word: one in the background color to cut the letters, two in ink to join them."""
    pen = ImageDraw.Draw(ink)
    for color, thickness in ((0, 1), (255, 3), (255, 3)):
        height, phase = middle + chance.uniform(-12, 12), chance.uniform(0, math.tau)
        swing, period = chance.uniform(6, 12), chance.uniform(120, 260)
        slope = chance.uniform(-0.06, 0.06)
        curve = [
            (x, height + slope * (x - WIDTH / 2) + swing * math.sin(phase + math.tau * x / period))
            for x in range(0, WIDTH + 1, 8)
        ]
        pen.line(curve, fill=color, width=thickness, joint="curve")


def _bend(ink: Image.Image, chance: random.Random) -> Image.Image:
    """Bends the image in waves along both axes."""
    rise, length, phase = chance.uniform(3, 6), chance.uniform(70, 120), chance.uniform(0, math.tau)
    drift, depth, shift = chance.uniform(3, 5), chance.uniform(60, 110), chance.uniform(0, math.tau)

    def source(x: int, y: int) -> tuple[float, float]:
        return (
            x + drift * math.sin(shift + math.tau * y / depth),
            y + rise * math.sin(phase + math.tau * x / length),
        )

    mesh = [
        (
            (x, y, x + _CELL, y + _CELL),
            (*source(x, y), *source(x, y + _CELL), *source(x + _CELL, y + _CELL), *source(x + _CELL, y)),
        )
        for x in range(0, WIDTH, _CELL)
        for y in range(0, HEIGHT, _CELL)
    ]
    return ink.transform(ink.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _speckle(ink: Image.Image, chance: random.Random) -> None:
    pen = ImageDraw.Draw(ink)
    for _ in range(90):
        x, y, size = chance.randrange(WIDTH), chance.randrange(HEIGHT), chance.choice((1, 1, 2))
        pen.ellipse((x, y, x + size, y + size), fill=chance.choice((0, 255)))


def _png(ink: Image.Image, chance: random.Random) -> bytes:
    """Colors dark ink on a light background, with the shades between."""
    dark = [chance.randint(0, 70) for _ in range(3)]
    light = [chance.randint(225, 255) for _ in range(3)]
    shades = ink.point([value * _SHADES // 256 for value in range(256)])
    palette = [
        round(paper + (pigment - paper) * shade / (_SHADES - 1))
        for shade in range(_SHADES)
        for paper, pigment in zip(light, dark, strict=True)
    ]
    shades.putpalette(palette)
    file = io.BytesIO()
    shades.save(file, "PNG", bits=4, compress_level=4)
    return file.getvalue()


@functools.cache
def _letter(font: str, letter: str) -> Image.Image:
    """Returns a letter in white on black, as wide as itself; shared, so never modify it."""
    face = ImageFont.truetype(Path(__file__).parent / "fonts" / font, _EM)
    left, _, right, _ = face.getbbox(letter, anchor="ls")
    tile = Image.new("L", (math.ceil(right - left), _TILE))
    ImageDraw.Draw(tile).text((-left, _BASELINE), letter, fill=255, font=face, anchor="ls")
    return tile
