"""Checks of a deployment: each one is a function, and `checks.py` lists them."""
