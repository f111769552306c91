"""Starts a command: python -m app COMMAND."""

import gc
import sys

if __name__ == "__main__":
    # What is imported stays. To look for garbage among it would take a sixth of the start, and time again and again.
    gc.disable()
    from app.command_line import parse, run

    command, arguments = parse()
    gc.freeze()
    gc.enable()
    sys.exit(run(command, arguments))
