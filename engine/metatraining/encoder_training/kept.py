"""What is computed once for every image of a set, kept on disk with a key that tells of what."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.encoder.description import Preprocessing
from engine.encoder.graph import export_module
from engine.errors import EngineError, UnreadableImageError, sentence_for
from engine.files import write_whole
from engine.metatraining.datasets import ImageSet
from engine.metatraining.views import View, generator_for, make_view
from engine.words import say

Floats = NDArray[np.float32]
Made = tuple[NDArray[np.float16], Floats]
"""Of one image: a map (channels, side, side), empty where none is kept, and a row (n,)."""

NO_MAP: Final = np.empty(0, np.float16)

_BATCH: Final = 16  # About 50 ms on two cores: a step of a generator.


def session_of(
    module: nn.Module, size_px: int, output_names: list[str]
) -> onnxruntime.InferenceSession:
    """``module``, pixels (n, 3, height, width) -> outputs, as onnxruntime runs it on one thread.

    Exporting takes several seconds.
    """
    model = export_module(
        module,
        torch.zeros(2, 3, size_px, size_px),
        input_name="pixels",
        output_names=output_names,
        dynamic_axes={0: "batch", 2: "height", 3: "width"},
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # Images are spread over threads instead.
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def made_from_views(
    images: ImageSet,
    view: View,
    number: int | str,
    preprocessing: Preprocessing,
    may_flip: bool,
    seed: int,
    run: Callable[[Tensor], Made],
) -> Callable[[int], Made | None]:
    """What ``run`` makes of the view of image ``index``; None where it cannot be decoded.

    The draws of a view follow from ``seed``, the set's name, the image's index and ``number``.
    """

    def make(index: int) -> Made | None:
        try:
            image = images.decode(index)
        except UnreadableImageError:
            return None
        random = generator_for(seed, images.name, index, number)
        return run(make_view(image, view, preprocessing, may_flip, random))

    return make


def compute(
    make: Callable[[int], Made | None], n_images: int, rows_path: Path, map_path: Path | None = None
) -> Iterator[int]:
    """Write the rows of all images, and their maps if these have a path; yields images done.

    Rows of images that give None are NaN. Nothing is held in memory.

    Raises:
        OSError: a file could not be written.
    """
    maps: NDArray[np.float16] | None = None
    rows: NDArray[np.float32] | None = None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for first in range(0, n_images, _BATCH):
            indices = range(first, min(first + _BATCH, n_images))
            for index, made in zip(indices, pool.map(make, indices), strict=True):
                if made is None:
                    continue
                one_map, row = made
                if rows is None:
                    rows = new_array(rows_path, np.float32, (n_images, *row.shape))
                    rows[:] = np.nan
                rows[index] = row
                if map_path is not None:
                    if maps is None:
                        maps = new_array(map_path, np.float16, (n_images, *one_map.shape))
                    maps[index] = one_map
            yield len(indices)
    if rows is None:
        rows = new_array(rows_path, np.float32, (n_images, 1))
        rows[:] = np.nan
    for written in (rows, maps):
        if isinstance(written, np.memmap):
            written.flush()


def new_array(path: Path, kind: type[np.floating], shape: tuple[int, ...]) -> NDArray[Any]:
    """An empty array in a file with all its space, mapped into memory; raises OSError.

    Without the space a full disk would be noticed when something is stored: as a signal, which
    kills the process.
    """
    array: NDArray[Any] = np.lib.format.open_memmap(path, "w+", kind, shape)
    if hasattr(os, "posix_fallocate"):  # Not on Windows, whose files are never sparse unasked.
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def is_kept(key_path: Path, key: dict[str, Any], *paths: Path) -> bool:
    """Whether ``paths`` are there and were made of just this; raises OSError."""
    try:
        found = json.loads(key_path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return bool(found == key) and all(path.exists() for path in paths)


def load(path: Path, mapped: bool = False) -> NDArray[Any]:
    """The array in a file, read or only mapped into memory.

    Raises:
        EngineError: the file cannot be read or is damaged.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None)
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read"))) from error
    except (ValueError, EOFError) as error:
        raise EngineError(
            say("{path} is damaged; delete it, and it is computed anew.", path=path)
        ) from error
    return array


def begin(key_path: Path) -> None:
    """What lies beside ``key_path`` is about to change: until ``end`` nobody may use it."""
    key_path.parent.mkdir(parents=True, exist_ok=True)
    key_path.unlink(missing_ok=True)


def end(key_path: Path, key: dict[str, Any]) -> None:
    """All is written."""
    write_whole(key_path, json.dumps(key).encode())
