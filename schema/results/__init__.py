"""Results: one union a mutation. A union may gain members in a minor release; none leaves it."""
