"""Tortoise models, one a file. Only services import them."""
