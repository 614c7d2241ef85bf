"""What a fine-tuning has finished, kept in the cache folder so that nothing is done twice.

Everything is found by what it was made of, so who asks again for the same gets the same, and who
asks for something else never meets it. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.encoder.description import Encoder
from engine.encoder.views import VIEWS_VERSION
from engine.files import write_whole
from engine.finetuning import gate, training
from engine.finetuning.blocks import Looked
from engine.finetuning.training import Examples, Measured, Point, Position
from engine.images import DECODE_RULE_VERSION
from engine.messages import Series

MOST_BYTES: Final = 300_000_000
"""Of all that is kept; then the oldest goes."""

_FORMAT: Final = 1  # Of the files and of what is computed; a new number makes nothing of the old.
_BAD: Final = (OSError, SafetensorError, LookupError, ValueError, TypeError)
_T = TypeVar("_T")
_Arrays = dict[str, NDArray[Any]]
_log = logging.getLogger(__name__)


class Checkpoints:
    """The kept files of all fine-tunings. Any thread.

    A file that cannot be written is not there, and one that cannot be read neither.
    """

    def __init__(self, folder: Path, encoder: Encoder, device: str) -> None:
        """Keep in ``folder``, which is made when there is something to keep.

        Args:
            folder: of nothing else.
            encoder: that is fine-tuned.
            device: torch's name of the one that it is done on; others round otherwise.
        """
        self._folder = folder
        self._made_with = (
            _FORMAT,
            encoder.fingerprint,
            device,
            torch.__version__,
            DECODE_RULE_VERSION,
            VIEWS_VERSION,
        )

    # --- Images -----------------------------------------------------------------------------------

    def looked_key(self, content: bytes, name: str, n_drawn: int) -> str:
        """Of the views of an image with that hash of its file and that name."""
        return self._key("looked", content.hex(), name, n_drawn)

    def looked(self, key: str) -> Looked | None:
        """What was kept; None where there is nothing."""

        def read(arrays: _Arrays, header: dict[str, Any]) -> Looked:
            return Looked(arrays["maps"], arrays["roots"], arrays["start"])

        return self._read(f"{key}.looked", read)

    def keep_looked(self, key: str, looked: Looked) -> None:
        arrays: _Arrays = {"maps": looked.maps, "roots": looked.roots, "start": looked.start}
        self._write(f"{key}.looked", arrays, {})

    # --- Trainings --------------------------------------------------------------------------------

    def training_key(self, examples: Examples, rows: NDArray[np.int64]) -> str:
        """Of the training on those rows of the examples: all that its result depends on."""
        digest = hashlib.sha256()
        for looked in examples.looked:
            for array in (looked.maps, looked.roots, looked.start):
                digest.update(array.tobytes())
        for numbers in (examples.labels, examples.groups, rows):
            digest.update(numbers.tobytes())
        rule = training.STEPS, training.RATE, training.SHARES, gate.N_FOLDS
        return self._key("training", digest.hexdigest(), *rule)

    def position(self, key: str) -> Position | None:
        """How far a training has come; None where it was not begun."""

        def read(arrays: _Arrays, header: dict[str, Any]) -> Position:
            return Position(
                int(header["step"]),
                _below(arrays, "weights."),
                _below(arrays, "means."),
                _below(arrays, "squares."),
                header["random"],
                _measured(header),
            )

        return self._read(f"{key}.position", read)

    def keep_position(self, key: str, position: Position) -> None:
        arrays = {
            **_prefixed("weights.", position.weights),
            **_prefixed("means.", position.means),
            **_prefixed("squares.", position.squares),
        }
        header = {"step": position.step, "random": position.random, "told": position.told}
        self._write(f"{key}.position", arrays, header)

    def result(self, key: str) -> tuple[list[Point], tuple[Measured, ...]] | None:
        """What a training has led to, and what was told of it; None where it is not over."""

        def read(
            arrays: _Arrays, header: dict[str, Any]
        ) -> tuple[list[Point], tuple[Measured, ...]]:
            points = [
                Point(
                    float(share),
                    _below(arrays, f"{number}.weights."),
                    arrays[f"{number}.embeddings"],
                )
                for number, share in enumerate(header["shares"])
            ]
            return points, _measured(header)

        return self._read(f"{key}.result", read)

    def keep_result(self, key: str, points: list[Point], told: tuple[Measured, ...]) -> None:
        arrays: _Arrays = {}
        for number, point in enumerate(points):
            arrays |= _prefixed(f"{number}.weights.", dict(point.weights))
            arrays[f"{number}.embeddings"] = point.embeddings
        shares = [point.share for point in points]
        self._write(f"{key}.result", arrays, {"shares": shares, "told": told})
        with suppress(OSError):
            (self._folder / f"{key}.position").unlink(missing_ok=True)

    # --- Files ------------------------------------------------------------------------------------

    def prune(self) -> None:
        """Remove what was used longest ago, so that no more than ``MOST_BYTES`` are left."""
        with suppress(OSError):
            found = [(path.stat(), path) for path in self._folder.iterdir()]
            left = sum(status.st_size for status, _ in found)
            for status, path in sorted(found, key=lambda item: item[0].st_mtime_ns):
                if left <= MOST_BYTES:
                    return
                path.unlink(missing_ok=True)
                left -= status.st_size

    def _key(self, *parts: object) -> str:
        text = json.dumps([*self._made_with, *parts], default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _read(self, name: str, read: Callable[[_Arrays, dict[str, Any]], _T]) -> _T | None:
        path = self._folder / name
        try:
            content = path.read_bytes()
            header = json.loads(_metadata_of(content)["told"])
            found = read(load(content), header)
            path.touch()  # It was of use just now.
        except FileNotFoundError:
            return None
        except _BAD as error:
            _log.warning("%s is of no use (%s); it is made anew", path, error)
            return None
        return found

    def _write(self, name: str, arrays: _Arrays, header: dict[str, Any]) -> None:
        path = self._folder / name
        metadata = {"told": json.dumps(header)}
        whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, save(whole, metadata=metadata))
        except OSError as error:
            _log.warning("%s could not be kept: %s", path, error)


def _metadata_of(content: bytes) -> dict[str, str]:
    """The header that ``safetensors.numpy.load`` does not give."""
    (size,) = struct.unpack("<Q", content[:8]) if len(content) >= 8 else (0,)
    described = json.loads(content[8 : 8 + size])
    metadata: dict[str, str] = described["__metadata__"]
    return metadata


def _measured(header: dict[str, Any]) -> tuple[Measured, ...]:
    return tuple(
        (Series(series), int(step), float(value)) for series, step, value in header["told"]
    )


def _prefixed(prefix: str, arrays: dict[str, NDArray[np.float32]]) -> _Arrays:
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def _below(arrays: _Arrays, prefix: str) -> dict[str, NDArray[np.float32]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
