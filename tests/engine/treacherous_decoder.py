"""A decoding process as the program's, that some contents do harm to; ``Decoders(module=...)``."""

import ctypes
import os
import signal
from typing import Any

from engine.decoding import child
from engine.images import Look, look_at

CRASH, BOMB = b"crash", b"bomb"
HANG, STUCK, WAIT = b"hang ", b"stuck ", b"wait "


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
    return look_at(content, **how)


child.look_at = _look_at


def main(shared: str) -> None:
    child.main(shared)
    os._exit(0)
