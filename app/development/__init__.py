"""Pages for developing against the service. Production has none of their routes."""
