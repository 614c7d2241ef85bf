"""What lasts as long as the project is kept out of the garbage collector's rounds.

Of 100,000 images there are some 400,000 objects (names, paths, references) without a cycle among
them. Each time that there are a quarter more, Python's collector goes through all of them at once:
up to 110 ms in which the window stands still. What was made till now is laid beside, which costs
nothing (https://docs.python.org/3/library/gc.html#gc.freeze); a small project is never touched.

Whatever else lives at that moment is laid beside with it, the window too, so who throws something
large away while a project is open does it within :func:`collected`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LARGE: Final = 5000  # Images; fewer are gone through in a few milliseconds.
_GROWTH: Final = 1.25  # As often as the collector itself would go through all.

_n_beside = 0  # Images and references when they were last laid beside; 0 while nothing is.


def keep_out_of_rounds(n_images: int, n_references: int = 0) -> None:
    """Images of a project were taken in.

    It is told after every batch, and does something only once there is a quarter more than when it
    last did.

    Args:
        n_images: how many there are till now.
        n_references: for how many of them the engine's reference has been made since the table was
            filled; these are objects, too.
    """
    global _n_beside
    if n_images >= _LARGE and n_images + n_references >= _GROWTH * _n_beside:
        gc.freeze()
        _n_beside = n_images + n_references


def take_in_again() -> None:
    """The project is closed: what is left of it is collected as everything else."""
    global _n_beside
    if _n_beside:
        gc.unfreeze()
        _n_beside = 0


@contextmanager
def collected() -> Iterator[None]:
    """What is let go of within is collected at its end, also where it was laid beside.

    That goes through all objects once; without a large project it does nothing.
    """
    if not _n_beside:
        yield
        return
    gc.unfreeze()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
