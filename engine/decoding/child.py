"""The process that decodes: bytes in, pixels out, nothing else.

It knows no path, opens no file and loads neither torch nor onnxruntime. What it answers is lengths,
JSON and pixels, never anything that its reader would have to trust. It ends with its pipe; a file
that it hangs on ends it even where nobody is left to do so.

A request is ``REQUEST``, with the file's first bytes in the shared memory; more of them come there
as they are asked for. An answer is ``ANSWER``, JSON, the thumbnail, and the pixels in the shared
memory where they fit, else in the pipe.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import io
import json
import mmap
import os
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
from PIL import AvifImagePlugin

from engine.errors import UnreadableImageError
from engine.images import DecodedImage, Look, decode_image, head_of, look_at
from engine.words import say

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TIME_LIMIT_S: Final = 5.0
MEMORY_LIMIT_BYTES: Final = 1_000_000_000
SHARED_BYTES: Final = (
    64 << 20
)  # 22 megapixels, and nearly every file; untouched pages cost nothing.

HEAD_BYTES: Final = 64 << 10  # Of a file, for its head; the rest is asked for.
"""How much of a file is given unasked where its head alone is wanted."""

REQUEST: Final = struct.Struct("<ciQ")  # What is wanted; shrink_to_px, -1: none; the file's bytes.
LOOK, PIXELS, HEAD = b"L", b"P", b"H"
ANSWER: Final = struct.Struct("<cI")  # What it is; how much JSON follows.
READY, LARGE, PART, IMAGE, TOLD, UNREADABLE, FAILED = b"R", b"L", b"P", b"I", b"T", b"U", b"F"
GO_ON: Final = struct.Struct("<cQ")  # Behind LARGE; behind PART with how many bytes there are.
LEFT: Final = 7  # The exit status where nothing was asked for a while.
_IDLE_S: Final = 20.0
# Where the parent can keep the limit itself, that is to come first; this is for when it is no more.
# By the clock on Windows, elsewhere in processor time, and by the clock much later.
_OWN_LIMIT_S: Final = TIME_LIMIT_S if sys.platform == "win32" else TIME_LIMIT_S + 1.0
_CLOCK_LIMIT_S: Final = 300.0
_SHORTEST_S: Final = 0.01  # None at all would be no limit.
OWN_LIMIT_CODES: Final = (1,) if sys.platform == "win32" else (-signal.SIGPROF, -signal.SIGALRM)
"""Exit codes of a process that has ended itself over a file."""

_NICENESS: Final = 5
KEPT_BLOCK_BYTES: Final = 32 << 20
"""Blocks up to this size glibc keeps for the next image; see ``decoders``."""
_LARGE_BLOCK_BYTES: Final = 1 << 20
_MMAP_THRESHOLD: Final = -3  # malloc.h
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def main(shared: str) -> None:
    """Answer requests on standard input until it ends. ``shared``: see :func:`open_shared`."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # Whatever a library prints must not come between answers.
        os.dup2(nowhere, number)
    memory = open_shared(shared)
    # One picture, one core: the threads of others would cost address space, which is limited.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    _give_way()
    _limit_memory()
    _answer(answers, READY)
    while True:
        _leave_when_idle(requests)
        head = requests.read(REQUEST.size)
        if len(head) < REQUEST.size:
            break
        wanted, shrink, length = REQUEST.unpack(head)
        with _OwnTime() as time_left, ExitStack() as memory_kept:
            request = _Request(requests, answers, memory, time_left, memory_kept, length)
            request.serve(wanted, shrink)
            del request
    # Not through the interpreter's end: there is nothing to save, and somebody may wait.
    os._exit(0)


def open_shared(name: str) -> mmap.mmap:
    """The memory shared with the parent: ``fd:NUMBER``, inherited, or ``tag:NAME`` (Windows)."""
    kind, _, value = name.partition(":")
    if kind == "fd":
        return mmap.mmap(int(value), SHARED_BYTES)
    return mmap.mmap(-1, SHARED_BYTES, tagname=value)  # type: ignore[call-arg,unused-ignore]


def _leave_when_idle(requests: BinaryIO) -> None:
    """Wait for a request, but not for ever; where pipes cannot be waited for, the reading does."""
    if sys.platform != "win32":
        asked = select.poll()
        asked.register(requests, select.POLLIN)
        if not asked.poll(1000 * _IDLE_S):
            os._exit(LEFT)


class _Request:
    """One file, and what passes between the parent and this process over it."""

    def __init__(
        self,
        requests: BinaryIO,
        answers: BinaryIO,
        memory: mmap.mmap,
        time_left: _OwnTime,
        memory_kept: ExitStack,
        length: int,
    ) -> None:
        """Take a request.

        Args:
            memory_kept: left when nothing of this file is in memory any more.
            length: the file's bytes, the first of which are in ``memory``.
        """
        self._requests = requests
        self._answers = answers
        self._memory = memory
        self._time_left = time_left
        self._memory_kept = memory_kept
        self._length = length

    def serve(self, wanted: bytes, shrink: int) -> None:
        """Answer it."""
        try:
            if wanted == HEAD:
                distant = _Distant(self, self._length, self._memory[: self.given(HEAD_BYTES)])
                head = head_of(io.BufferedReader(distant, HEAD_BYTES))
                _answer(self._answers, TOLD, asdict(head))
                return
            content = self._content()
            guard = self._one_at_a_time()
            if wanted == LOOK:
                look = look_at(content, large_one_at_a_time=guard)
            else:
                shrink_to_px = None if shrink < 0 else shrink
                decoded = decode_image(
                    content, shrink_to_px=shrink_to_px, large_one_at_a_time=guard
                )
                look = Look(decoded, b"", 0)
            self._send(look)
        except UnreadableImageError as error:
            _answer(self._answers, UNREADABLE, error.sentence.to_json())
        except MemoryError:
            why = say("there is not enough memory to decode it")
            _answer(self._answers, UNREADABLE, why.to_json())
        except Exception:
            _answer(self._answers, FAILED, {"trace": traceback.format_exc()})

    def given(self, most: int) -> int:
        """How many of the first bytes are in the shared memory where ``most`` are given."""
        return min(most, self._length)

    def part(self, offset: int, length: int) -> memoryview:
        """Bytes of the file from ``offset`` on, until the next part is asked for."""
        with self._time_left.paused():
            _answer(self._answers, PART, [offset, min(length, SHARED_BYTES)])
            count = self._go_on()
        return memoryview(self._memory)[:count]

    def _content(self) -> bytes:
        """All bytes of the file, held once."""
        if self._length <= SHARED_BYTES:
            return self._memory[: self._length]
        self._memory_kept.enter_context(_memory_of_its_own())
        content = io.BytesIO()
        content.seek(self._length - 1)
        content.write(b"\0")  # All the memory at once: growing it would need it twice.
        content.seek(0)
        content.write(memoryview(self._memory))
        while (done := content.tell()) < self._length:
            if not content.write(self.part(done, self._length - done)):
                raise UnreadableImageError(say("the file is truncated"))
        return content.getvalue()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with self._time_left.paused():
            _answer(self._answers, LARGE)
            self._go_on()
        self._memory_kept.enter_context(_memory_of_its_own())
        yield

    def _go_on(self) -> int:
        answer = self._requests.read(GO_ON.size)
        if len(answer) < GO_ON.size:
            os._exit(0)
        count: int = GO_ON.unpack(answer)[1]
        return count

    def _send(self, look: Look) -> None:
        decoded: DecodedImage = look.decoded
        pixels = decoded.pixels
        fits = pixels.nbytes <= SHARED_BYTES
        if fits:
            shared = np.frombuffer(self._memory, np.uint8, pixels.size)
            shared.reshape(pixels.shape)[...] = pixels
        _answer(
            self._answers,
            IMAGE,
            {
                "shape": pixels.shape,
                "original": (decoded.original_width_px, decoded.original_height_px),
                "taken_s": decoded.taken_s,
                "perceptual_hash": look.perceptual_hash,
                "thumbnail": len(look.thumbnail),
            },
            look.thumbnail,
        )
        if not fits:
            self._answers.write(np.ascontiguousarray(pixels).data)
            self._answers.flush()


class _Distant(io.RawIOBase):
    """A file that the parent has open, to be read where one likes."""

    def __init__(self, request: _Request, length: int, first: bytes) -> None:
        super().__init__()
        self._request = request
        self._length = length
        self._first = first
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._length}
        place = starts[whence] + offset
        if place < 0:
            raise OSError("no place in a file")
        self._place = place
        return place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        part = memoryview(self._first)[self._place : self._place + len(target)]
        if not part and target and self._place < self._length:
            part = self._request.part(self._place, len(target))[: len(target)]
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def readall(self) -> bytes:
        found = io.BytesIO()
        found.write(memoryview(self._first)[self._place :])
        while (place := self._place + found.tell()) < self._length:
            if not found.write(self._request.part(place, self._length - place)):
                break
        self._place += found.tell()
        return found.getvalue()


def _answer(answers: BinaryIO, kind: bytes, values: object = None, rest: bytes = b"") -> None:
    text = b"" if values is None else json.dumps(values).encode()
    answers.write(ANSWER.pack(kind, len(text)) + text + rest)
    answers.flush()


class _Timers:
    """The time that is left, in processor time and by the clock, as the system counts it."""

    def __init__(self) -> None:
        self._left_s = {signal.ITIMER_PROF: _OWN_LIMIT_S, signal.ITIMER_REAL: _CLOCK_LIMIT_S}

    def start(self) -> None:
        for timer, seconds in self._left_s.items():
            signal.setitimer(timer, seconds)

    def stop(self) -> None:
        for timer in self._left_s:
            left_s, _ = signal.setitimer(timer, 0)
            self._left_s[timer] = max(left_s, _SHORTEST_S)


class _Alarm:
    """The time that is left by the clock, where a process has no timers."""

    def __init__(self) -> None:
        self._left_s = _OWN_LIMIT_S
        self._since_s = 0.0

    def start(self) -> None:
        self._since_s = time.monotonic()
        # A thread of C's own, which needs no lock of Python's to end the process.
        with open(os.devnull, "wb") as nowhere:
            faulthandler.dump_traceback_later(self._left_s, exit=True, file=nowhere)

    def stop(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        took_s = time.monotonic() - self._since_s
        self._left_s = max(self._left_s - took_s, _SHORTEST_S)


class _OwnTime:
    """Ends this process if it takes too long over a file; while it waits no time passes."""

    def __init__(self) -> None:
        self._left = _Alarm() if sys.platform == "win32" else _Timers()

    def __enter__(self) -> _OwnTime:
        self._left.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        self._left.stop()
        yield
        self._left.start()


def _give_way() -> None:
    """Leave the cores to the window, and Ctrl-C, which goes to all in a terminal, to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        for ending in (signal.SIGTERM, signal.SIGHUP):  # They go to whole groups, too.
            signal.signal(ending, signal.SIG_IGN)
        for ending in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(ending, signal.SIG_DFL)
        with contextlib.suppress(OSError):
            os.nice(_NICENESS)


@contextmanager
def _memory_of_its_own() -> Iterator[None]:
    """What is taken meanwhile goes back to the system when it is freed.

    Else the holes that a large image leaves count as address space, and the next finds no room.
    """
    mallopt, trim = getattr(_LIBC, "mallopt", None), getattr(_LIBC, "malloc_trim", None)
    if mallopt is None or trim is None:  # No glibc.
        yield
        return
    trim(0)
    mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)
    try:
        yield
    finally:
        mallopt(_MMAP_THRESHOLD, KEPT_BLOCK_BYTES)


def _limit_memory() -> None:
    """No file may take more than the limit beyond what the process has by itself.

    Linux alone counts address space in a way that can be limited; Windows has no such limit, and
    macOS does not keep it.
    """
    if sys.platform == "linux":
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most = pages * mmap.PAGESIZE + MEMORY_LIMIT_BYTES
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # A crash is told, not dumped.
