"""Tortoise's database clients, with fixes so that a cancelled task does not keep a lock or a connection."""
