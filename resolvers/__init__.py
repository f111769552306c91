"""Translation only: input → one service call → union member."""
