"""A model's graph in half precision: its network computed in it, or its weights kept in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.encoder.graph import OUTPUT_NAME

if TYPE_CHECKING:
    import onnx

_LARGEST: Final = 65504.0
_FEW: Final = 4096  # Numbers. Constants of no more stay: the first layers bear no rounding.
_LARGE_SIDES: Final = 3  # Halvings of the image's sides before anything is computed in half.
# What gains from half precision. Sums over an image, roots, normalising and softmax are not here:
# they overflow or lose what the embedding lives on.
_HALVED: Final = frozenset(
    {
        "Add",
        "AveragePool",
        "Clip",
        "Concat",
        "Conv",
        "Gelu",
        "Gemm",
        "HardSigmoid",
        "HardSwish",
        "MatMul",
        "MaxPool",
        "Mul",
        "Relu",
        "Reshape",
        "Sigmoid",
        "Slice",
        "Split",
        "Sub",
        "Tanh",
        "Transpose",
    }
)
_POOLING: Final = frozenset({"ReduceMean", "GlobalAveragePool", "LayerNormalization"})


def half(model: onnx.ModelProto) -> onnx.ModelProto:
    """An encoder's graph with its network in float16; inputs and outputs stay as they are.

    In float32 stay: resizing and normalising, the first layers at full size, whose weights are few
    and whose rounding is seen in all that follows; pooling and everything behind it, with its
    matrices kept in float16.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    result = onnx.shape_inference.infer_shapes(model)
    graph = result.graph
    kinds = {
        item.name: item.type.tensor_type.elem_type
        for item in (*graph.value_info, *graph.input, *graph.output)
    }
    constants = {item.name: item for item in graph.initializer}
    chosen = _network(model)
    made_in_half: set[str] = set()
    widened: set[str] = set()
    nodes: list[onnx.NodeProto] = []
    added: dict[str, onnx.TensorProto] = {}

    def narrow(name: str) -> str:
        """The half of a float32 tensor or constant; other kinds as they are."""
        if name in made_in_half or not name:
            return name
        narrowed = f"{name}_half"
        if name in constants:
            if constants[name].data_type != TensorProto.FLOAT:
                return name
            values = numpy_helper.to_array(constants[name])
            within = np.clip(values, -_LARGEST, _LARGEST).astype(np.float16)
            added[narrowed] = numpy_helper.from_array(np.asarray(within), narrowed)
        elif kinds.get(name) != TensorProto.FLOAT:
            return name
        elif narrowed not in made_in_half:
            nodes.append(helper.make_node("Cast", [name], [narrowed], to=TensorProto.FLOAT16))
            made_in_half.add(narrowed)
        return narrowed

    def wide(name: str) -> str:
        if name not in made_in_half:
            return name
        if name not in widened:
            nodes.append(helper.make_node("Cast", [name], [f"{name}_wide"], to=TensorProto.FLOAT))
            widened.add(name)
        return f"{name}_wide"

    for node in graph.node:
        kept = onnx.NodeProto()
        kept.CopyFrom(node)
        if node.output[0] in chosen and kinds.get(node.output[0]) == TensorProto.FLOAT:
            kept.input[:] = [narrow(name) for name in node.input]
            made_in_half.update(node.output)
        else:
            kept.input[:] = [wide(name) for name in node.input]
        nodes.append(kept)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    graph.initializer.extend(added.values())
    used = {name for node in nodes for name in node.input}
    initializers = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(initializers)
    return with_half_weights(result)


def _network(model: onnx.ModelProto) -> frozenset[str]:
    """The nodes, by what they give, that may be computed in half precision."""
    makers = {name: node for node in model.graph.node for name in node.output}
    behind: set[str] = set()
    ahead = [OUTPUT_NAME]
    while ahead:
        node = makers.get(ahead.pop())
        if node is None or node.output[0] in behind:
            continue
        behind.add(node.output[0])
        if node.op_type not in _POOLING:
            ahead.extend(node.input)
    # How often an image's sides have been halved where a node's result lies.
    depth: dict[str, int] = {}
    chosen: set[str] = set()
    for node in model.graph.node:
        here = max((depth.get(name, -1) for name in node.input), default=-1)
        if node.op_type in ("Conv", "MaxPool", "AveragePool"):
            strides = next((item.ints for item in node.attribute if item.name == "strides"), [1])
            here = max(here, 0) + int(max(strides)).bit_length() - 1
        depth.update(dict.fromkeys(node.output, here))
        is_halved = node.op_type in _HALVED and node.output[0] not in behind
        if is_halved and here >= _LARGE_SIDES:
            chosen.add(node.output[0])
    return frozenset(chosen)


def with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, its large float32 constants kept in float16 and widened before use.

    Runtimes widen them once, on loading. Constants beyond the range of float16 stay.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    casts: list[onnx.NodeProto] = []
    kept: list[onnx.TensorProto] = []
    for item in graph.initializer:
        values = numpy_helper.to_array(item)
        is_large = item.data_type == TensorProto.FLOAT and values.size > _FEW
        if not is_large or float(np.abs(values).max()) > _LARGEST:
            kept.append(item)
        else:
            narrowed = f"{item.name}_half"
            kept.append(numpy_helper.from_array(values.astype(np.float16), narrowed))
            casts.append(helper.make_node("Cast", [narrowed], [item.name], to=TensorProto.FLOAT))
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in graph.node]
    copies = [onnx.TensorProto.FromString(item.SerializeToString()) for item in kept]
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    del graph.initializer[:]
    graph.initializer.extend(copies)
    return result
