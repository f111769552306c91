"""Everything that clients see."""
