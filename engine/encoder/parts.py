"""An encoder's graph in two parts: from an image to the network's input, from there on.

Images have all sizes, the network's input has one: behind the first part images can be batched, and
a device other than the CPU is given one shape only. Both parts are the graph's own nodes, so what
they give together is what the graph gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME
from engine.encoder.views import VIEWS
from engine.errors import EncoderError
from engine.words import say

NETWORK_INPUT: Final = "pixels"
"""Normalised float32 [views * batch, 3, side, side], all images of one view after another."""

Prepare = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From an image (height, width, 3) to the network's input (n_views, 3, side, side)."""


@dataclass(frozen=True, slots=True)
class GraphParts:
    """Two ONNX files in memory; an image is ``n_views`` rows of (3, ``side``, ``side``) between."""

    preprocessing: bytes
    network: bytes
    n_views: int
    side: int


def split(graph_path: Path, side: int, *, viewed: bool) -> GraphParts:
    """Take an encoder's graph apart; some 100 ms, most of it for importing onnx.

    Args:
        side: of the network's input, in pixels.
        viewed: whether the graph is that of several views.

    Raises:
        EncoderError: it has no such parts.
    """
    import onnx
    from onnx.utils import Extractor

    try:
        model = onnx.load(graph_path)
        # The file keeps no shapes of what is inside.
        shape: list[str | int | None] = ["rows", 3, side, side]
        model.graph.value_info.append(
            onnx.helper.make_tensor_value_info(NETWORK_INPUT, onnx.TensorProto.FLOAT, shape)
        )
        extractor = Extractor(model)
        preprocessing = extractor.extract_model([INPUT_NAME], [NETWORK_INPUT])
        network = extractor.extract_model([NETWORK_INPUT], [OUTPUT_NAME])
        return GraphParts(
            preprocessing.SerializeToString(),
            network.SerializeToString(),
            len(VIEWS) if viewed else 1,
            side,
        )
    except Exception as error:  # Of protobuf and onnx: each has its own.
        raise EncoderError(
            say(
                "The encoder's graph {graph_path} cannot be taken apart: {why}.",
                graph_path=graph_path,
                why=first_line(error),
            )
        ) from error


def first_line(error: BaseException) -> str:
    """What an error of another library says, as part of a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
