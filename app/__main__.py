"""Starts a command: python -m app COMMAND."""

import gc
import sys

if __name__ == "__main__":
    # What is imported stays loaded. Looking for garbage in it would take a sixth of the start, and time ever after.
    gc.disable()
    from app.command_line import parse, run

    command, arguments = parse()
    gc.freeze()
    gc.enable()
    sys.exit(run(command, arguments))
