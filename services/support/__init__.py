"""What an operator or the owner does with a whole account: every rule that needs more than one room."""
