"""One reader under atheris, in a process of its own; ``benchmarks.fuzz`` starts it.

python -m benchmarks.fuzz.child READER [libFuzzer's own options and folders]
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["engine", "zipfile"]):
    from benchmarks.fuzz.readers import SCRATCH, Reader, read_once, reader_called


def fuzz(reader: Reader, arguments: list[str]) -> None:
    """Never returns."""
    logging.disable(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(dir=SCRATCH, prefix=f"handful-fuzz-{os.getpid()}-"))

    def read(content: bytes) -> None:
        read_once(reader, content, folder)

    def mutate(content: bytes, longest: int, seed: int) -> bytes:
        """By the structure two times of three, else as libFuzzer does."""
        random = Random(seed)
        if reader.mutate is not None and random.random() < 0.67:
            with contextlib.suppress(ValueError, RecursionError):
                return reader.mutate(content, random)[:longest]
        made: bytes = atheris.Mutate(content, longest)
        return made

    if reader.mutate is None:
        atheris.Setup(arguments, read)
    else:
        atheris.Setup(arguments, read, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(reader_called(sys.argv[1]), [sys.argv[0], *sys.argv[2:]])
