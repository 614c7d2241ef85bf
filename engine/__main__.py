"""``python -m engine``: the command line without the window, where Qt is not installed."""

import os
import sys

from engine import run_command_line

if __name__ == "__main__":
    code = run_command_line(sys.argv[1:])
    if os.environ.get("WORLD_SIZE", "1") != "1" or "--piped" in sys.argv:
        # One of several processes: the threads of their exchange may outlive the interpreter, and
        # then abort a process whose work is done (seen once, in the tests). One that is driven by
        # the window: taking torch apart takes seconds, for which a person who stops it would wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
