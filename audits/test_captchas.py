"""Statistics of captchas, over more clips and pictures than a quick test draws."""

from services.captcha.audio import dictate
from services.common.translations import Language
from tests.services.captcha.test_audio import samples_of, share_a_window
from tests.services.captcha.test_image import words_that_do_not_fit

CLIPS = 200
PICTURES = 10  # of each of the longest words


def test_no_50_ms_are_heard_twice_and_no_sample_is_clipped_in_200_clips() -> None:
    seeds = [number.to_bytes(2, "big") for number in range(CLIPS // len(Language))]
    clips = [samples_of(dictate("01234567", seed, language)) for seed in seeds for language in Language]

    assert not share_a_window(clips)
    assert min(map(min, clips)) > 0
    assert max(map(max, clips)) < 255


def test_the_longest_words_fit_in_every_picture() -> None:
    assert words_that_do_not_fit(PICTURES) == []
