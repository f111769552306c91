"""Shape of what people type. Each rule is a function from text to a value or a problem."""
