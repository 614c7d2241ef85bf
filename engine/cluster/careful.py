"""Images are looked at in a process that may die of one, where another has died already."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from engine.errors import UnreadableImageError
from engine.words import say

Given = TypeVar("Given")
Made = TypeVar("Made")


class Expendable(Generic[Given, Made]):
    """Calls a function of a module in a process of its own, which is replaced where it dies."""

    def __init__(
        self, function: Callable[[Given], Made], prepare: Callable[..., None], *given: Any
    ) -> None:
        """``prepare(*given)`` runs in each new process before the first call."""
        self._function = function
        self._prepare = prepare, given
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def __call__(self, given: Given) -> Made:
        """What the function returns or raises.

        Raises:
            UnreadableImageError: the process died of it.
        """
        if self._pool is None:
            prepare, arguments = self._prepare
            self._pool = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), prepare, arguments
            )
        try:
            return self._pool.submit(self._function, given).result()
        except BrokenProcessPool as error:
            self._pool.shutdown()
            self._pool = None
            raise UnreadableImageError(
                say("looking at it ended the process that did so")
            ) from error
