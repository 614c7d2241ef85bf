"""The resizing at the head of an encoder's graph, done beside it in half the time.

Two products with sparse matrices of onnxruntime's own weights, rows first, take a half to a third
of the time that it takes (docs/results/folder_rate.md). The weights are its to the last bit, so
what comes out differs by the order of its sums alone: at most 1e-4 grey levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.graph import INPUT_NAME

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

RESIZED: Final = "resized"
"""Input of :func:`graph_behind_resizing`: float32 [batch, 3, side, side], 0 to 255."""

_IMAGE: Final = INPUT_NAME.encode()
_REPLACED: Final = {b"planes", b"planes_float", b"resized"}
# Fields of ModelProto, GraphProto and NodeProto, in onnx.proto.
_MODEL_GRAPH: Final = 7
_GRAPH_NODE: Final = 1
_GRAPH_INPUT: Final = 11
_NODE_OUTPUT: Final = 2
_NODE_OPERATOR: Final = 4
_FLOAT: Final = 1  # Of TensorProto.DataType.
_LENGTH_DELIMITED: Final = 2  # Of protobuf's wire types.


def resize(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """What the graph's ``Resize`` (linear, antialiased, half-pixel) gives; any thread.

    Args:
        pixels: (height, width, 3) uint8.
        side: of what is wanted, in pixels.

    Returns:
        (1, 3, side, side) float32, 0 to 255.
    """
    height, width, _ = pixels.shape
    rows = _weights(height, side) @ pixels.reshape(height, 3 * width).astype(np.float32)
    columns = np.ascontiguousarray(rows.reshape(side, width, 3).transpose(1, 2, 0))
    resized = _weights(width, side) @ columns.reshape(width, 3 * side)
    return np.ascontiguousarray(resized.reshape(side, 3, side).transpose(1, 2, 0))[None]


@lru_cache(maxsize=1024)  # Cameras have two sizes, collections from everywhere some hundred.
def _weights(n_in: int, n_out: int) -> csr_matrix:
    """What each of ``n_in`` rows counts in each of ``n_out``, (n_out, n_in) float32.

    As onnxruntime's ``SetupUpsampleFilterAntiAlias`` has it, in its precisions: the tests hold it
    to the graph.
    """
    from scipy.sparse import csr_matrix

    ratio = np.float32(n_out) / np.float32(n_in)
    scale = np.float32(1) / ratio
    support = max(scale, np.float32(1))
    centres = np.arange(n_out, dtype=np.float32)
    if scale != 1:
        centres = (centres + np.float32(0.5)) / ratio - np.float32(0.5)
    centres += np.float32(0.5)
    first = np.floor((centres - support).astype(np.float64) + 0.5).astype(np.int64)
    last = np.floor((centres + support).astype(np.float64) + 0.5).astype(np.int64)
    first, last = np.maximum(first, 0), np.minimum(last, n_in)
    places = first[:, None] + np.arange(int((last - first).max()))
    offsets = (places.astype(np.float32) - centres[:, None]).astype(np.float64) + 0.5
    distances = np.abs((offsets * float(np.float32(1) / support)).astype(np.float32))
    values = np.maximum(np.float32(1) - distances, np.float32(0))
    inside = places < last[:, None]
    values *= inside
    sums = np.cumsum(values, axis=1)[:, -1:]  # One after the other, as it adds them.
    values *= np.float32(1) / sums
    ends = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    return csr_matrix((values[inside], places[inside], ends), shape=(n_out, n_in))


def graph_behind_resizing(content: bytes, side: int) -> bytes | None:
    """An encoder's graph from ``RESIZED`` on; None: it does not begin as ``graph`` builds it.

    The bytes are taken apart as far as needed and put together again: some milliseconds, where
    importing onnx takes some tenths of a second of every start.

    Args:
        content: an ONNX file with an encoder's graph.
        side: of the network's input, in pixels.
    """
    try:
        model = [
            _without_resizing(value, side) if number == _MODEL_GRAPH else field
            for number, field, value in _fields(memoryview(content))
        ]
    except (ValueError, IndexError, StopIteration):
        return None
    return b"".join(model)


def _without_resizing(graph: memoryview, side: int) -> bytes:
    """Raises ValueError where there is another beginning."""
    kept: list[bytes | memoryview] = []
    missing = set(_REPLACED)
    for number, field, value in _fields(graph):
        if number == _GRAPH_NODE:
            node = [(item, bytes(text)) for item, _, text in _fields(value)]
            outputs = {text for item, text in node if item == _NODE_OUTPUT}
            if outputs & _REPLACED:
                missing -= outputs
                if b"resized" in outputs and (_NODE_OPERATOR, b"Resize") not in node:
                    raise ValueError("something is done between resizing and the rest")
                continue
        elif number == _GRAPH_INPUT:
            if bytes(next(text for item, _, text in _fields(value) if item == 1)) != _IMAGE:
                raise ValueError("it takes something else than images")
            kept.append(_field(_GRAPH_INPUT, _input(side)))
            continue
        kept.append(field)
    if missing:
        raise ValueError("it does not resize")
    return _field(_MODEL_GRAPH, b"".join(kept))


def _input(side: int) -> bytes:
    """A ValueInfoProto: RESIZED, float32 [batch, 3, side, side]."""
    sizes = [_field(2, b"batch"), *(_number(1, size) for size in (3, side, side))]
    shape = b"".join(_field(1, size) for size in sizes)
    tensor = _number(1, _FLOAT) + _field(2, shape)
    return _field(1, RESIZED.encode()) + _field(2, _field(1, tensor))


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Of a protobuf message's fields: number, the whole field, and what it holds if it is bytes."""
    position = 0
    while position < len(message):
        start = position
        key, position = _varint(message, position)
        value = message[:0]
        kind = key & 7
        if kind == _LENGTH_DELIMITED:
            length, position = _varint(message, position)
            value = message[position : position + length]
            position += length
        elif kind == 0:
            _, position = _varint(message, position)
        elif kind in (1, 5):
            position += 8 if kind == 1 else 4
        else:
            raise ValueError("no such wire type")
        if position > len(message):
            raise ValueError("it ends too soon")
        yield key >> 3, message[start:position], value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    number, shift = 0, 0
    while True:
        byte = message[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, position
        shift += 7


def _field(number: int, value: bytes) -> bytes:
    return _as_varint(number << 3 | _LENGTH_DELIMITED) + _as_varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _as_varint(number << 3) + _as_varint(value)


def _as_varint(number: int) -> bytes:
    content = bytearray()
    while number > 127:
        content.append(number & 127 | 128)
        number >>= 7
    return bytes([*content, number])
