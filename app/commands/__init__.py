"""The commands of `python -m app`. Each module is a command with `HELP`, `add_arguments` and `run`."""
