"""What a client can see."""
