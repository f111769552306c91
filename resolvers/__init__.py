"""Translate only: an input to one service call, and its outcome to a member of the result union."""
