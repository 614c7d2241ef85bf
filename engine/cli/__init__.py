"""The command line: the same jobs as the window's, iterated without a thread.

A file for each command or group of them; ``commands`` knows them all. Results go to files, one JSON
object to standard output with ``--json``, everything a person reads to standard error. Exit status:
0; 1 a failure told in one sentence; 2 wrong use; 130 Ctrl-C.
"""

from engine.cli.commands import app, main

__all__ = ["app", "main"]
