"""What an owner has besides the password: an app that shows codes, recovery codes, and passkeys."""
