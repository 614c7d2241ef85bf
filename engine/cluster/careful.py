"""Images are looked at in a process that may die of one, where another has died already."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from engine.errors import UnreadableImageError
from engine.words import say

Given = TypeVar("Given")
Made = TypeVar("Made")

TIME_LIMIT_S: Final = 60.0
"""For one call: decoding ends by itself after five seconds, and a forward pass takes much less."""
_START_LIMIT_S: Final = 300.0  # For a new process: it loads onnxruntime and a model.
_ENDING_S: Final = 5.0


class Expendable(Generic[Given, Made]):
    """Calls a function of a module in a process of its own, which is replaced where it ends."""

    def __init__(
        self,
        function: Callable[[Given], Made],
        prepare: Callable[..., None],
        *given: Any,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        """Start nothing yet.

        Args:
            function: what is called; found by its name.
            prepare: ``prepare(*given)`` runs in each new process before the first call.
            given: for ``prepare``.
            time_limit_s: for one call.
        """
        self._function = function
        self._prepare = prepare, given
        self._time_limit_s = time_limit_s
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child is not None:
            self._child.end(_ENDING_S)
            self._child = None

    def __call__(self, given: Given) -> Made:
        """What the function returns or raises.

        Raises:
            UnreadableImageError: the process ended over it, or took too long and was ended.
        """
        child, self._child = self._child, None  # Until it has answered.
        if child is None:
            child = _Child((_serve, self._function, self._prepare))
            _raised(child.answer(_START_LIMIT_S))
        answer = child.answer(self._time_limit_s, given)
        self._child = child
        return _raised(answer)  # type: ignore[no-any-return]


class _Child:
    """The process, and the pipe to it."""

    def __init__(self, runs: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        serve, *given = runs
        self._process: BaseProcess = context.Process(
            target=serve, args=(theirs, *given), daemon=True
        )
        self._process.start()
        theirs.close()

    def answer(self, limit_s: float, *asked: Any) -> tuple[Any, BaseException | None]:
        """Ask it something, if anything, and wait for its answer; it is ended where none comes.

        Raises:
            UnreadableImageError: it is no more.
        """
        # It ends the waiting as well: for the answer, and for a stopped process to take its bytes.
        was_late = threading.Event()

        def end_late() -> None:
            was_late.set()
            self._process.kill()

        late = threading.Timer(limit_s, end_late)
        late.daemon = True
        late.start()
        try:
            for item in asked:
                self._pipe.send(item)
            answer: tuple[Any, BaseException | None] = self._pipe.recv()
            return answer
        except BaseException as error:
            self.end()
            if not isinstance(error, EOFError | OSError):
                raise
            raise UnreadableImageError(
                say("looking at it took longer than {seconds:.0f} s", seconds=limit_s)
                if was_late.is_set()
                else say("looking at it ended the process that did so")
            ) from error
        finally:
            late.cancel()

    def end(self, patience_s: float = 0.0) -> None:
        """End it, which it may do by itself for a while."""
        self._pipe.close()
        self._process.join(patience_s)
        self._process.kill()
        self._process.join()


def _raised(answer: tuple[Any, BaseException | None]) -> Any:
    made, error = answer
    if error is not None:
        raise error
    return made


def _serve(
    pipe: Connection,
    function: Callable[[Any], Any],
    prepare: tuple[Callable[..., None], tuple[Any, ...]],
) -> None:
    """In the process: prepare, then answer each call with what came of it, or what was raised."""
    called, given = prepare
    while True:
        try:
            answer: tuple[Any, BaseException | None] = called(*given), None
        except Exception as error:
            answer = None, error
        try:
            pipe.send(answer)
            called, given = function, (pipe.recv(),)
        except (EOFError, OSError):  # Nobody asks any more.
            return
