"""``python -m engine``: the command line without the window, where Qt is not installed."""

import sys

from engine import run_command_line

if __name__ == "__main__":
    sys.exit(run_command_line(sys.argv[1:]))
