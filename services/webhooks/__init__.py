"""Delivers events to the back ends of the product, after https://www.standardwebhooks.com."""
