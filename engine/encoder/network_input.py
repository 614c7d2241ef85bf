"""The square that the network looks at: what the graph's own preprocessing makes of an image."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.graph import INPUT_NAME
from engine.encoder.runtime import cpu_session
from engine.errors import EncoderError
from engine.words import say


def network_input(graph_path: Path, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The network's input as a picture, before colours are normalised; any thread.

    Args:
        graph_path: an encoder's graph.
        pixels: (height, width, 3) uint8 RGB, of any size.

    Returns:
        (side, side, 3) uint8 RGB, rounded from what the graph computes.

    Raises:
        EncoderError: the graph cannot be opened, or does not begin with preprocessing.
    """
    session = _preprocessing(graph_path)
    (planes,) = session.run(None, {INPUT_NAME: pixels[None]})
    picture: NDArray[np.uint8] = np.clip(np.rint(planes[0]), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(picture.transpose(1, 2, 0))


@lru_cache(maxsize=2)
def _preprocessing(graph_path: Path) -> onnxruntime.InferenceSession:
    """The part of a graph that ends where the mean colour is taken off."""
    import onnx
    from onnx.utils import Extractor

    try:
        model = onnx.load(graph_path)
        resizes = {node.output[0] for node in model.graph.node if node.op_type == "Resize"}
        seen = next(node.input[0] for node in model.graph.node if node.op_type == "Sub")
        if not resizes:
            raise EncoderError(
                say(
                    "The encoder's graph {graph_path} does not resize its images.",
                    graph_path=graph_path,
                )
            )
        # Shapes are not kept in the file, and none are needed: the runtime finds them itself.
        model.graph.value_info.append(
            onnx.helper.make_tensor_value_info(seen, onnx.TensorProto.FLOAT, None)
        )
        part = Extractor(model).extract_model([INPUT_NAME], [seen])
        return cpu_session(part.SerializeToString())
    except EncoderError:
        raise
    except Exception as error:  # Of protobuf, onnx and onnxruntime: each has its own.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise EncoderError(
            say(
                "The encoder's graph {graph_path} cannot be opened: {reason}.",
                graph_path=graph_path,
                reason=reason,
            )
        ) from error
