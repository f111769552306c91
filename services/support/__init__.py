"""What an operator does for a person: every rule that needs more than one room."""
