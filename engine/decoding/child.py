"""The process that decodes: bytes in, pixels out, nothing else.

It knows no path, opens no file and loads neither torch nor onnxruntime. What it answers is lengths,
JSON and pixels, never anything that its reader would have to trust. It ends with its pipe; a file
that it hangs on ends it even where nobody is left to do so.

A request is ``REQUEST`` and the file's bytes, in the shared memory where they fit, else in the
pipe. An answer is ``ANSWER``, JSON, the thumbnail, and the pixels in the same way.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import mmap
import os
import select
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

import numpy as np
from PIL import AvifImagePlugin

from engine.errors import UnreadableImageError
from engine.images import DecodedImage, Look, decode_image, look_at
from engine.words import say

TIME_LIMIT_S: Final = 5.0
MEMORY_LIMIT_BYTES: Final = 1_000_000_000
SHARED_BYTES: Final = (
    64 << 20
)  # 22 megapixels, and nearly every file; untouched pages cost nothing.

REQUEST: Final = struct.Struct("<?iQ")  # A look or pixels alone; shrink_to_px, -1: none; bytes.
ANSWER: Final = struct.Struct("<cI")  # What it is; how much JSON follows.
READY, LARGE, IMAGE, UNREADABLE, FAILED = b"R", b"L", b"I", b"U", b"F"
GO_ON: Final = b"G"
LEFT: Final = 7  # The exit status where nothing was asked for a while.
_IDLE_S: Final = 20.0
# Where the parent can keep the limit itself, that is to come first; this is for when it is no more.
# By the clock on Windows, elsewhere in processor time, and by the clock much later.
_OWN_LIMIT_S: Final = TIME_LIMIT_S if sys.platform == "win32" else TIME_LIMIT_S + 1.0
_CLOCK_LIMIT_S: Final = 300.0
OWN_LIMIT_CODES: Final = (1,) if sys.platform == "win32" else (-signal.SIGPROF, -signal.SIGALRM)
"""Exit codes of a process that has ended itself over a file."""

_NICENESS: Final = 5


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
        is_look, shrink, length = REQUEST.unpack(head)
        content = memory[:length] if length <= SHARED_BYTES else requests.read(length)
        with _limited_time() as more_time:
            _serve(requests, answers, memory, content, is_look, shrink, more_time)
        del content
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


def _serve(
    requests: BinaryIO,
    answers: BinaryIO,
    memory: mmap.mmap,
    content: bytes,
    is_look: bool,
    shrink: int,
    more_time: Callable[[], None],
) -> None:
    @contextmanager
    def one_at_a_time() -> Iterator[None]:
        _answer(answers, LARGE)
        if requests.read(1) != GO_ON:
            os._exit(0)
        more_time()
        yield

    shrink_to_px = None if shrink < 0 else shrink
    try:
        if is_look:
            look = look_at(content, large_one_at_a_time=one_at_a_time())
        else:
            decoded = decode_image(
                content, shrink_to_px=shrink_to_px, large_one_at_a_time=one_at_a_time()
            )
            look = Look(decoded, b"", 0)
        _send(answers, memory, look)
    except UnreadableImageError as error:
        _answer(answers, UNREADABLE, error.sentence.to_json())
    except MemoryError:
        _answer(answers, UNREADABLE, say("there is not enough memory to decode it").to_json())
    except Exception:
        _answer(answers, FAILED, {"trace": traceback.format_exc()})


def _send(answers: BinaryIO, memory: mmap.mmap, look: Look) -> None:
    decoded: DecodedImage = look.decoded
    pixels = decoded.pixels
    fits = pixels.nbytes <= SHARED_BYTES
    if fits:
        np.frombuffer(memory, np.uint8, pixels.size).reshape(pixels.shape)[...] = pixels
    _answer(
        answers,
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
        answers.write(np.ascontiguousarray(pixels).data)
        answers.flush()


def _answer(answers: BinaryIO, kind: bytes, values: object = None, rest: bytes = b"") -> None:
    text = b"" if values is None else json.dumps(values).encode()
    answers.write(ANSWER.pack(kind, len(text)) + text + rest)
    answers.flush()


@contextmanager
def _limited_time() -> Iterator[Callable[[], None]]:
    """End this process if it takes too long; what is yielded begins the time anew."""
    if sys.platform != "win32":

        def begin() -> None:
            signal.setitimer(signal.ITIMER_PROF, _OWN_LIMIT_S)
            signal.setitimer(signal.ITIMER_REAL, _CLOCK_LIMIT_S)

        def end() -> None:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
    else:
        begin = _end_later
        end = faulthandler.cancel_dump_traceback_later
    begin()
    try:
        yield begin
    finally:
        end()


def _end_later() -> None:
    # A thread of C's own, which needs no lock of Python's to end the process.
    with open(os.devnull, "wb") as nowhere:
        faulthandler.dump_traceback_later(_OWN_LIMIT_S, exit=True, file=nowhere)


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
