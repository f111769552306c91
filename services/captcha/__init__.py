"""Captchas: two words in an image, or eight dictated digits."""
