"""Work that would hold up a click, on a thread of its own while its job steps on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Final, TypeVar

Found = TypeVar("Found")

_WAIT_S: Final = 0.02  # So long may a click wait for this job's step.


def aside(work: Callable[[], Found], name: str) -> Generator[None, None, Found]:
    """Wait for ``work``, step by step; return what it returns, or raise what it raises.

    Where nobody waits any more it is left to end by itself: it must write nothing.
    """
    found: list[Found] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            failed.append(error)

    # It may be amid a large file when the program ends, and need not be waited for then.
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_WAIT_S)
        yield None
    if failed:
        raise failed[0]
    return found[0]
