"""Object types that are neither a result nor a failure."""
