"""A decoding process as the program's, that some contents do harm to; ``Decoders(module=...)``."""

import ctypes
import os
import signal
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.decoding import child
from engine.images import DecodedImage, Head, Look, head_of, look_at

CRASH, BOMB, HALFWAY = b"crash", b"bomb", b"stopped halfway"
TWICE, AGAIN = b"asks twice for its turn", b"asks again and again for "
HANG, STUCK, WAIT, MEMORY = b"hang ", b"stuck ", b"wait ", b"memory "


def _look_at(content: bytes, **how: Any) -> Look:
    if content == CRASH:
        ctypes.string_at(0)
    elif content == BOMB:
        bytearray(3 << 30)
    elif content.startswith((HANG, STUCK)):
        if content.startswith(STUCK):  # Then no limit of its own ends the process.
            signal.setitimer(signal.ITIMER_PROF, 0)
        # Whoever opens this pipe to read knows that the process is at the file.
        with open(content.partition(b" ")[2], "wb"):
            while True:
                pass
    elif content.startswith(WAIT):
        path, _, content = content.removeprefix(WAIT).partition(b"\0")
        with open(path, "rb") as released:
            released.read()
    elif content == b"own limit":
        child._OWN_LIMIT_S = 0.2  # type: ignore[misc]
        content = b""
    elif content == TWICE:
        for _ in range(2):
            with how["large_one_at_a_time"]:
                pass
            how["large_one_at_a_time"] = _last_request._one_at_a_time()
    elif content.startswith(AGAIN):
        while True:
            _last_request.part(child.SHARED_BYTES, 1)
    elif content.startswith(MEMORY):  # From here on there is so much more, and not a gigabyte.
        import resource  # Not on Windows.

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + int(content.removeprefix(MEMORY))
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    elif content == HALFWAY:
        # More than shared memory has room for, so that it comes through the pipe.
        pixels = np.zeros((child.SHARED_BYTES // 300 + 1, 100, 3), np.uint8)
        child._answer = _stop_behind_it  # type: ignore[assignment]
        return Look(DecodedImage(pixels, 1, 1), b"", 0)
    return look_at(content, **how)


def _head_of(source: BinaryIO) -> Head:
    first = source.read(len(AGAIN))
    if first == CRASH:
        ctypes.string_at(0)
    while first == AGAIN:
        _last_request.part(0, 1)
    source.seek(0)
    return head_of(source)


def _stop_behind_it(*answer: Any) -> None:
    _answer(*answer)
    os.kill(os.getpid(), signal.SIGSTOP)


def _serve(request: child._Request, *how: Any) -> None:
    global _last_request
    _last_request = request
    _serve_it(request, *how)


_last_request: child._Request
_serve_it = child._Request.serve
child._Request.serve = _serve  # type: ignore[method-assign]
_answer = child._answer
child.look_at = _look_at
child.head_of = _head_of


def main(shared: str) -> None:
    child.main(shared)
    os._exit(0)
