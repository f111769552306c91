"""The commands of `python -m app`, one a module: `HELP`, `add_arguments` where it has any, and `run`."""
