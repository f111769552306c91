"""Resolvers only translate: an input to one service call, and its outcome to a member of the result union."""
