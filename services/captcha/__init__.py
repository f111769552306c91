"""Captchas: two words in an image, eight dictated digits, or a proof of work."""
