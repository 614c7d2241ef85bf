"""The processes that decode, and what comes of one that crashes, hangs or takes too much memory.

Each thread that decodes borrows a process for one file, so there are as many as threads decode at
once; they are started when needed, and end by themselves when they have not been for a while. A
file that ends its process, or that it is ended for, cannot be read, and says why; the next file has
another one.
Where processes cannot be had at all, files are decoded here, as a program that works less safely is
worth more than one that does not.
"""

from __future__ import annotations

import atexit
import json
import logging
import mmap
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.decoding.child import (
    ANSWER,
    FAILED,
    GO_ON,
    HEAD,
    HEAD_BYTES,
    IMAGE,
    KEPT_BLOCK_BYTES,
    LARGE,
    LEFT,
    LOOK,
    OWN_LIMIT_CODES,
    PART,
    PIXELS,
    READY,
    REQUEST,
    SHARED_BYTES,
    TIME_LIMIT_S,
    TOLD,
    UNREADABLE,
    open_shared,
)
from engine.errors import UnreadableImageError
from engine.images import (
    DRAFT_SIDE_PX,
    MAX_JPEG_PIXELS,
    DecodedImage,
    Head,
    Look,
    decode_image,
    head_of,
    look_at,
)
from engine.words import Sentence, say

SWITCH: Final = "--decode-images"
"""First argument of a built program that is to be such a process; see packaging/entry.py."""

_MOST_STARTS: Final = 3  # In a row that fail, before no more are tried for a while.
_PAUSE_S: Final = 60.0
_START_LIMIT_S: Final = 60.0
_SLICE_S: Final = 0.5
_SHORTEST_WAIT_S: Final = 0.02
_MOST_JSON: Final = 1 << 20
_MOST_THUMBNAIL: Final = 1 << 20
_READ_BYTES: Final = 64 << 10  # What a pipe holds.
_MOST_PLACES: Final = 1_000  # Of a file that its head is read from, beyond all of it twice.
_Made = TypeVar("_Made")
_log = logging.getLogger(__name__)

_ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",  # Else it takes address space for threads that it never starts.
    "MALLOC_ARENA_MAX": "1",
    # glibc would give the memory of each image back and fetch it anew: a sixth of the time.
    "MALLOC_MMAP_THRESHOLD_": str(KEPT_BLOCK_BYTES),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}

# Runs the child without the package's own __init__, which would load what it has no use for, and
# without the site module: all paths are handed down.
_START: Final = (
    "import sys, types; sys.path[:] = {path!r}; "
    "engine = types.ModuleType('engine'); engine.__path__ = [{engine!r}]; "
    "sys.modules['engine'] = engine; "
    "from {module} import main; main(sys.argv[1])"
)


class _Ended(Exception):
    """The process is no more, or will not answer."""


class _Process:
    """One decoding process; one thread at a time asks."""

    def __init__(self, module: str, time_limit_s: float) -> None:
        self._time_limit_s = time_limit_s
        self.was_late = False
        self._ahead = b""  # Of its answers, what was not asked for yet.
        memory, name, inherited = _shared_memory()
        self._memory = memory
        try:
            self._process = subprocess.Popen(
                _command(module, name),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | _ENVIRONMENT,
                **_platform_options(inherited),
            )
        finally:
            if inherited is not None:
                os.close(inherited)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout
        self._left_s = _START_LIMIT_S
        try:
            is_ready = self._answer()[0] == READY
        except _Ended:
            is_ready = False
        if not is_ready:
            raise _Ended(f"it ended with {self.bury()} before it was ready")

    @property
    def pid(self) -> int:
        return self._process.pid

    def look(
        self, content: bytes, shrink_to_px: int | None, large: threading.Lock, *, is_look: bool
    ) -> Look:
        """What the process makes of a file's bytes.

        Raises:
            UnreadableImageError: they are no image.
            _Ended: the process ended over it.
        """
        kind = LOOK if is_look else PIXELS
        try:
            with ExitStack() as held:
                self._ask(kind, shrink_to_px, len(content), content[:SHARED_BYTES])
                given, has_turn = SHARED_BYTES, False
                while True:
                    kind, values = self._answer()
                    if kind == LARGE:
                        if has_turn:  # It would wait for itself.
                            raise ValueError("it has its turn already")
                        held.enter_context(large)
                        has_turn = True
                        self._go_on()
                    elif kind == PART:
                        part = memoryview(content)[given : given + SHARED_BYTES]
                        if not part or values != [given, len(part)]:  # Else it may ask for ever.
                            raise ValueError("this is not the part that is next")
                        given += len(part)
                        self._give(part)
                    else:
                        return self._look(kind, values)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _Ended from error  # Its pipe broke, or it does not say what it should.

    def head(self, file: BinaryIO, first: bytes, length: int) -> Head:
        """What the process reads in the head of a file, of which it gets what it asks for.

        Args:
            first: its first ``HEAD_BYTES``.

        Raises:
            UnreadableImageError: it cannot be read.
            _Ended: the process ended over it.
        """
        left = 2 * length + _MOST_PLACES * HEAD_BYTES
        try:
            self._ask(HEAD, None, length, first.ljust(min(length, HEAD_BYTES), b"\0"))
            while True:
                kind, values = self._answer()
                if kind != PART:
                    self._check(kind, TOLD, values)
                    size, taken_s = values["size_px"], int(values["taken_s"])
                    return Head(None if size is None else (int(size[0]), int(size[1])), taken_s)
                offset, count = _part_in(values, length)
                left -= max(count, HEAD_BYTES)
                if left < 0:
                    raise ValueError("nothing in a head is so long to read")
                self._give(memoryview(_read_or_nothing(file, offset, count)))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise _Ended from error

    def _ask(self, wanted: bytes, shrink_to_px: int | None, length: int, first: bytes) -> None:
        self._left_s = self._time_limit_s
        self._memory[: len(first)] = first
        shrink = -1 if shrink_to_px is None else shrink_to_px
        self._requests.write(REQUEST.pack(wanted, shrink, length))
        self._requests.flush()

    def _give(self, part: memoryview) -> None:
        self._memory[: len(part)] = part
        self._go_on(len(part))

    def _go_on(self, count: int = 0) -> None:
        self._requests.write(GO_ON.pack(b"G", count))
        self._requests.flush()

    def has_ended(self) -> bool:
        """Whether it is no more, as one that nobody needed."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End the process, whatever it is doing. Any thread."""
        self._process.kill()

    def bury(self) -> int:
        """Wait for its end, and give its pipes and memory back; its return code."""
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._requests, self._answers):
            try:
                pipe.close()
            except OSError:
                continue  # What was not written yet has nobody to go to.
        self._memory.close()
        return code

    def _wait(self) -> None:
        """Until it says more, for as long as its file may take in all.

        On Linux time in which other programs had all cores is not the file's.
        """
        if sys.platform == "win32":
            return  # A pipe cannot be waited for; the process ends itself in time.
        answers = select.poll()
        answers.register(self._answers, select.POLLIN)
        if answers.poll(0):
            return
        kept_s = self._kept_waiting_s()
        while self._left_s >= _SHORTEST_WAIT_S:
            begun_s, slice_s = time.monotonic(), min(self._left_s, _SLICE_S)
            has_come = answers.poll(1000 * slice_s)
            # A slice that took longer is one in which this program was stopped, too.
            waited_s = min(time.monotonic() - begun_s, slice_s)
            if has_come and waited_s < _SHORTEST_WAIT_S:  # As nearly always: no need to look.
                self._left_s -= waited_s
                return
            before_s, kept_s = kept_s, self._kept_waiting_s()
            self._left_s -= max(0.0, waited_s - (kept_s - before_s))
            if has_come:
                return
        self.was_late = True
        raise _Ended

    def _kept_waiting_s(self) -> float:
        """How long it was ready to run and had no core, ever."""
        try:
            content = Path(f"/proc/{self.pid}/schedstat").read_text(encoding="ascii")
            return int(content.split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0  # Not Linux, or it is no more.

    def _answer(self) -> tuple[bytes, Any]:
        kind, length = ANSWER.unpack(self._read(ANSWER.size))
        if length > _MOST_JSON:
            raise ValueError("an answer of such length was not made by the program")
        return kind, json.loads(self._read(length)) if length else None

    def _check(self, kind: bytes, expected: bytes, values: Any) -> None:
        """Raise what an answer of another kind than ``expected`` means."""
        if kind == UNREADABLE:
            raise UnreadableImageError(Sentence.from_json(values))
        if kind == FAILED:
            trace = str(values["trace"])
            _log.error("A decoding process met a bug of ours:\n%s", trace)
            raise RuntimeError(trace.strip().splitlines()[-1])
        if kind != expected:
            raise ValueError("no answer of this kind was expected")

    def _look(self, kind: bytes, values: Any) -> Look:
        self._check(kind, IMAGE, values)
        height, width, depth = (int(side) for side in values["shape"])
        n_thumbnail = int(values["thumbnail"])
        size = height * width * depth
        if depth != 3 or min(height, width) < 1 or height * width > MAX_JPEG_PIXELS:
            raise ValueError("these are no sizes of an image")
        if not 0 <= n_thumbnail <= _MOST_THUMBNAIL:
            raise ValueError("this is no size of a thumbnail")
        thumbnail = bytes(self._read(n_thumbnail))
        # A copy: the memory is the next file's as soon as this one is answered.
        content = self._memory[:size] if size <= SHARED_BYTES else self._read(size)
        pixels: NDArray[np.uint8] = np.frombuffer(content, np.uint8).reshape(height, width, 3)
        width_px, height_px = (int(side) for side in values["original"])
        decoded = DecodedImage(pixels, width_px, height_px, int(values["taken_s"]))
        return Look(decoded, thumbnail, int(values["perceptual_hash"]))

    def _read(self, count: int) -> bytearray:
        content = bytearray(count)
        done = 0
        while done < count:
            if not self._ahead:
                self._wait()  # Before each part: it may be stopped in the middle of an answer.
                self._ahead = os.read(self._answers.fileno(), _READ_BYTES)
                if not self._ahead:
                    raise _Ended
            part = self._ahead[: count - done]
            content[done : done + len(part)] = part
            self._ahead = self._ahead[len(part) :]
            done += len(part)
        return content


class Decoders:
    """The processes. Any thread may call any method; see the module."""

    def __init__(
        self, *, module: str = "engine.decoding.child", time_limit_s: float = TIME_LIMIT_S
    ) -> None:
        """Make none yet.

        Args:
            module: whose ``main`` runs in the processes.
            time_limit_s: for one file, from its bytes to its pixels.
        """
        self._module = module
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._free: list[_Process] = []
        self._all: set[_Process] = set()
        self._failed_starts = 0
        self._next_start_s = 0.0
        self._large = threading.Lock()

    def look(self, content: bytes) -> Look:
        """As :func:`engine.images.look_at`.

        Raises:
            UnreadableImageError: the reason as a clause, as in "the file is truncated".
        """
        return self._with_process(
            lambda process: process.look(content, DRAFT_SIDE_PX, self._large, is_look=True),
            lambda: look_at(content, large_one_at_a_time=self._large),
        )

    def decode(self, content: bytes, *, shrink_to_px: int | None = DRAFT_SIDE_PX) -> DecodedImage:
        """As :func:`engine.images.decode_image`.

        Raises:
            UnreadableImageError: the reason as a clause.
        """

        def here() -> Look:
            decoded = decode_image(
                content, shrink_to_px=shrink_to_px, large_one_at_a_time=self._large
            )
            return Look(decoded, b"", 0)

        return self._with_process(
            lambda process: process.look(content, shrink_to_px, self._large, is_look=False), here
        ).decoded

    def head(self, file: BinaryIO, length: int) -> Head:
        """As :func:`engine.images.head_of`, of an open file of ``length`` bytes.

        Raises:
            UnreadableImageError: the reason as a clause.
            OSError: not even its beginning can be read.
        """
        file.seek(0)
        first = file.read(HEAD_BYTES)
        return self._with_process(
            lambda process: process.head(file, first, length), lambda: head_of(file)
        )

    def pids(self) -> list[int]:
        """The processes that there are."""
        with self._lock:
            return [process.pid for process in self._all]

    def close(self) -> None:
        """End all processes; the next file starts another."""
        with self._lock:
            free, self._free = self._free, []
            busy = self._all.difference(free)
        for process in free:
            self._bury(process)
        for process in busy:
            process.end()  # Who asked it buries it.

    def _with_process(self, ask: Callable[[_Process], _Made], here: Callable[[], _Made]) -> _Made:
        """What a process answers to ``ask``, or what is found ``here`` where there is none."""
        process = self._borrow()
        if process is None:
            return here()
        try:
            made = ask(process)
        except (UnreadableImageError, RuntimeError):
            self._give_back(process)
            raise
        except _Ended as error:
            code = self._bury(process)
            if code == LEFT:  # For want of work, just when there was some.
                return self._with_process(ask, here)
            _log.warning("A decoding process ended with %s.", code)
            raise UnreadableImageError(
                say("it took longer than {seconds:.0f} s to decode", seconds=self._time_limit_s)
                if process.was_late or code in OWN_LIMIT_CODES
                else say("decoding it ended in a crash")
            ) from error
        except BaseException:
            self._bury(process)
            raise
        self._give_back(process)
        return made

    def _borrow(self) -> _Process | None:
        """A process; None where there can be none."""
        while True:
            with self._lock:
                if not self._free:
                    break
                process = self._free.pop()  # The one used last: the others may end.
            if not process.has_ended():
                return process
            self._bury(process)
        if self._failed_starts >= _MOST_STARTS and time.monotonic() < self._next_start_s:
            return None
        try:
            process = _Process(self._module, self._time_limit_s)
        except (OSError, _Ended):
            _log.warning("No process for decoding can be started.", exc_info=True)
            self._failed_starts += 1  # Once may have been for want of memory.
            self._next_start_s = time.monotonic() + _PAUSE_S
            return None
        self._failed_starts = 0
        with self._lock:
            self._all.add(process)
        return process

    def _give_back(self, process: _Process) -> None:
        with self._lock:
            if process in self._all:
                self._free.append(process)

    def _bury(self, process: _Process) -> int:
        with self._lock:
            self._all.discard(process)
        return process.bury()


def _part_in(values: Any, size: int) -> tuple[int, int]:
    """Where a part of a file begins that a process asks for, and how long it may be."""
    offset, length = (int(value) for value in values)
    if not 0 <= offset < size or not 0 <= length <= SHARED_BYTES:
        raise ValueError("this is no part of a file")
    return offset, length


def _read_or_nothing(file: BinaryIO, offset: int, length: int) -> bytes:
    """A part of a file; nothing where its drive fails, for which no process is to blame."""
    try:
        file.seek(offset)
        return file.read(length)
    except OSError:
        return b""


def _command(module: str, shared: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, SWITCH, shared]
    # On Windows the executable of a virtual environment is a launcher, and ending it would leave
    # the process that it started.
    executable = getattr(sys, "_base_executable", "") if sys.platform == "win32" else ""
    start = _START.format(path=sys.path, engine=str(Path(__file__).parents[1]), module=module)
    return [executable or sys.executable, "-I", "-S", "-c", start, shared]


def _shared_memory() -> tuple[mmap.mmap, str, int | None]:
    """Memory, its name for ``open_shared``, and what the process inherits for it."""
    if sys.platform == "win32":
        name = f"tag:handful-{os.getpid()}-{os.urandom(8).hex()}"
        return open_shared(name), name, None
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("handful-pixels")
    else:
        with tempfile.TemporaryFile() as file:  # It has no name any more.
            for _ in range(SHARED_BYTES >> 20):  # Or a full disk would end who writes to it.
                file.write(bytes(1 << 20))
            file.flush()
            number = os.dup(file.fileno())
    os.ftruncate(number, SHARED_BYTES)
    name = f"fd:{number}"
    return open_shared(name), name, number


def _platform_options(inherited: int | None) -> dict[str, Any]:
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        return {"creationflags": flags}
    return {"pass_fds": () if inherited is None else (inherited,)}


DECODERS: Final = Decoders()
"""Those of this process, which all engines in it share."""

atexit.register(DECODERS.close)
