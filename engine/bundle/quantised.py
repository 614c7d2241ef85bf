"""An encoder's graph with its convolutions on 8-bit integers, as far as its embeddings allow.

Static quantisation, as QuantizeLinear and DequantizeLinear around the nodes, which runtimes fuse
into integer kernels: weights int8 by output channel, activations uint8 by tensor, biases int32
(Jacob et al. 2018, https://arxiv.org/abs/1712.05877). Which nodes are quantised is found by trying
each alone: a compact network has a few that lose more than all others together. Resizing, the first
convolution, pooling and what follows it stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME
from engine.encoder.runtime import cpu_session
from engine.method.heads import Floats

if TYPE_CHECKING:
    import onnx
    import onnxruntime

_ACTIVATION_LEVELS: Final = 255
_WEIGHT_LEVELS: Final = 127
_SAMPLED: Final = 2048  # Values of a tensor that are kept of an image.
_SHARES: Final = np.linspace(0.3, 1.0, 15)  # Of the range seen, from which one is chosen.
_BOUNDED: Final = ("Clip", "Relu")  # One with the convolution before it.


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that can be quantised: the activations it takes, and what it gives.

    ``gives`` is behind its activation function where it has one, for the two are one kernel.
    """

    name: str
    takes: tuple[str, ...]
    gives: str

    @property
    def tensors(self) -> tuple[str, ...]:
        return *self.takes, self.gives


def candidates(model: onnx.ModelProto) -> list[Candidate]:
    """Convolutions but the first, and sums of what they give, in the order of the graph."""
    weights = {item.name for item in model.graph.initializer}
    takers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    outputs = {item.name for item in model.graph.output}
    found: list[Candidate] = []
    seen: set[str] = set()  # Tensors behind a convolution and before anything is pooled.
    is_first = True
    for node in model.graph.node:
        gives = node.output[0]
        after = takers.get(gives, [])
        if len(after) == 1 and after[0].op_type in _BOUNDED and gives not in outputs:
            gives = after[0].output[0]
        if node.op_type == "Conv" and node.input[1] in weights:
            if not is_first:
                found.append(Candidate(node.output[0], (node.input[0],), gives))
            is_first = False
            seen |= {node.output[0], gives}
        elif node.op_type == "Add" and seen.issuperset(node.input):
            found.append(Candidate(node.output[0], tuple(node.input), gives))
            seen |= {node.output[0], gives}
    return found


class Ranges:
    """The range of every activation that may be quantised, from images that are shown one by one.

    Of each tensor some values are kept; its range is the one with which they are rounded with the
    least squared error, which leaves out rare large values where that is better for the others.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        import onnx

        shown = onnx.ModelProto()
        shown.CopyFrom(model)
        self._names = tuple(
            dict.fromkeys(name for item in candidates(model) for name in item.tensors)
        )
        shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in self._names)
        self._session = cpu_session(shown.SerializeToString())
        self._values: dict[str, list[Floats]] = {name: [] for name in self._names}

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Take in one image (height, width, 3)."""
        found = self._session.run(list(self._names), {INPUT_NAME: pixels[None]})
        for name, values in zip(self._names, found, strict=True):
            flat = values.reshape(-1)
            step = max(1, flat.size // _SAMPLED)
            # The extremes with them: most values of a large tensor are not looked at.
            ends = np.array([flat.min(), flat.max()], np.float32)
            self._values[name].append(np.concatenate([flat[:: step | 1], ends]))

    def found(self) -> dict[str, tuple[float, float]]:
        """The least and largest value that each tensor is rounded between; zero lies between."""
        return {name: _best_range(np.concatenate(seen)) for name, seen in self._values.items()}


def quantised(
    model: onnx.ModelProto,
    ranges: Mapping[str, tuple[float, float]],
    chosen: Collection[str],
) -> onnx.ModelProto:
    """The graph with the chosen candidates (by their names) on integers; the rest is the same."""
    import onnx
    from onnx import helper, numpy_helper

    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    weights = {item.name: item for item in graph.initializer}
    parts = {item.name: item for item in candidates(model) if item.name in chosen}
    rounded = {name for item in parts.values() for name in item.tensors}
    scales = {name: _scale(*ranges[name]) for name in rounded}
    constants: dict[str, NDArray[np.generic]] = {}
    nodes: list[onnx.NodeProto] = []

    def dequantised(name: str, values: NDArray[Any], scale: NDArray[np.float32]) -> str:
        """A constant by output channel; its zero point is zero."""
        constants[f"{name}_quantised"] = values
        constants[f"{name}_scale"] = scale
        given = [f"{name}_quantised", f"{name}_scale"]
        nodes.append(helper.make_node("DequantizeLinear", given, [f"{name}_int"], axis=0))
        return f"{name}_int"

    for node in graph.node:
        kept = onnx.NodeProto()
        kept.CopyFrom(node)
        kept.input[:] = [f"{name}_near" if name in rounded else name for name in node.input]
        if node.op_type == "Conv" and node.output[0] in parts:
            values = numpy_helper.to_array(weights[node.input[1]])
            steps = _weight_steps(values)
            integers = np.rint(values / steps.reshape(-1, *[1] * (values.ndim - 1)))
            kept.input[1] = dequantised(node.input[1], integers.astype(np.int8), steps)
            if len(node.input) > 2:
                bias = numpy_helper.to_array(weights[node.input[2]]).astype(np.float64)
                bias_steps = (steps * scales[node.input[0]][0]).astype(np.float32)
                whole = np.clip(np.rint(bias / bias_steps), -(2**31), 2**31 - 1)
                kept.input[2] = dequantised(node.input[2], whole.astype(np.int32), bias_steps)
        nodes.append(kept)
        for name in rounded.intersection(node.output):
            scale, zero = scales[name]
            constants[f"{name}_scale"] = np.array(scale, np.float32)
            constants[f"{name}_zero"] = np.array(zero, np.uint8)
            by = [f"{name}_scale", f"{name}_zero"]
            nodes.append(helper.make_node("QuantizeLinear", [name, *by], [f"{name}_whole"]))
            nodes.append(
                helper.make_node("DequantizeLinear", [f"{name}_whole", *by], [f"{name}_near"])
            )
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    used = {name for node in nodes for name in node.input}
    initializers = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(initializers)
    return result


def loss_of(
    model: onnx.ModelProto,
    ranges: Mapping[str, tuple[float, float]],
    images: Iterable[NDArray[np.uint8]],
    exact: Floats,
    tried: Candidate,
) -> float:
    """What quantising one candidate alone loses: the mean squared distance of the embeddings.

    Args:
        images: pixels, each (height, width, 3).
        exact: (n_images, d) what the graph gives for them.
    """
    session = cpu_session(quantised(model, ranges, {tried.name}).SerializeToString())
    gaps = embedded(session, images) - exact
    return float(np.einsum("nd,nd->n", gaps, gaps).mean())


def embedded(session: onnxruntime.InferenceSession, images: Iterable[NDArray[np.uint8]]) -> Floats:
    """(n_images, d) embeddings of images (height, width, 3)."""
    found = [session.run([OUTPUT_NAME], {INPUT_NAME: pixels[None]})[0][0] for pixels in images]
    stacked: Floats = np.stack(found)
    return stacked


def within_loss(found: Mapping[str, float], most: float) -> frozenset[str]:
    """As many candidates as together lose no more than ``most``: alone, they about add up."""
    kept: list[str] = []
    total = 0.0
    for name in sorted(found, key=lambda name: found[name]):
        total += found[name]
        if total > most:
            break
        kept.append(name)
    return frozenset(kept)


def _best_range(values: Floats) -> tuple[float, float]:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    if low == high:
        return 0.0, 1.0
    best = (np.inf, low, high)
    for share in _SHARES:
        scale, zero = _scale(low * share, high * share)
        rounded = (np.clip(np.rint(values / scale) + zero, 0, _ACTIVATION_LEVELS) - zero) * scale
        error = float(np.square(rounded - values).mean())
        if error <= best[0]:
            best = (error, low * share, high * share)
    return best[1], best[2]


def _scale(low: float, high: float) -> tuple[float, int]:
    """One level, and which level zero is."""
    scale = max(high - low, 1e-8) / _ACTIVATION_LEVELS
    return scale, round(-low / scale)


def _weight_steps(values: Floats) -> NDArray[np.float32]:
    """(n_output_channels,) one level of each channel's weights."""
    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    steps: NDArray[np.float32] = np.maximum(largest / _WEIGHT_LEVELS, 1e-12).astype(np.float32)
    return steps
