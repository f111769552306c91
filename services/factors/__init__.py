"""What an owner has besides the password: an app that shows codes, and recovery codes."""
