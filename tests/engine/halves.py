"""A function that does harm for some numbers; for processes that are expendable."""

import os
import signal


def half_of(number: int) -> int:
    while number < 0:
        pass
    if not number:
        os.kill(os.getpid(), signal.SIGKILL)
    if number % 2:
        raise ValueError("odd")
    return number // 2
