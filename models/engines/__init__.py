"""Tortoise's database clients, mended where a cancelled task would keep a lock or a connection."""
