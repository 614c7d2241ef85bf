"""A process that has loaded everything and forks a child for each piece of work.

Reads a JSON object a line on standard input, ``{"work", "home", "seed", "arm", ...}``; the child's
own lines go to standard output as it works, then ``{"gone": STATUS}``. A child that is killed costs
a fork rather than the seconds in which onnxruntime loads.

    python server.py MODULE    # that has ``load`` and ``WORKS``
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
TOLD: Final = "told"
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Serve until standard input ends."""
    sys.path.insert(0, str(ROOT))
    works = importlib.import_module(f"benchmarks.nothing_lost.{sys.argv[1]}")
    works.load()
    say({"ready": os.getpid()})
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            status = 70
            try:
                status = work(works.WORKS[asked["work"]], asked)
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        say({"gone": os.waitstatus_to_exitcode(status)})


def work(do: Callable[[dict[str, Any]], None], asked: dict[str, Any]) -> int:
    """Do a piece of work in the child; 0, or 1 where the program told why it could not."""
    from engine.errors import EngineError

    if sys.platform == "linux":  # It ends with its parent, or it would write where others look.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.update(asked.get("environment", {}))
    os.chdir(asked["home"])
    say({"child": os.getpid()})
    with failing(asked.get("arm")):
        try:
            do(asked)
        except EngineError as error:
            say({TOLD: str(error)})
            return 1
        except BaseException:
            say({"bug": traceback.format_exc()})
            return 2
    return 0


@contextlib.contextmanager
def failing(arm: dict[str, Any] | None) -> Any:
    """Let calls fail as ``arm`` says: folder, place, error, mode; see failing_writes.c."""
    if arm is None:
        yield
        return
    shim = ctypes.CDLL(None)
    shim.failing_writes_what.restype = ctypes.c_char_p
    shim.failing_writes_disarm.restype = ctypes.c_long
    folder = os.fsencode(os.path.realpath(arm["folder"]))
    shim.failing_writes_arm(folder, ctypes.c_long(arm["place"]), arm["error"], arm["mode"])
    try:
        yield
    finally:
        count = shim.failing_writes_disarm()
        say({"calls": count, "failed": shim.failing_writes_what().decode(errors="replace")})


def say(line: dict[str, Any]) -> None:
    """Write a line at once: what was said before a kill was said."""
    os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main()
