"""An ONNX model of anybody's is looked at before onnxruntime may see it.

A model is a program: it may name files of the computer as its weights (external data), bring
operators of libraries, loop, or ask for a tensor of terabytes with a few bytes. What Handful
exports does none of that, so whatever does is refused. What was checked is what is loaded: the
bytes are read once, and only what this module has understood of them goes on.

Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.graph import INPUT_NAME
from engine.errors import EngineError, sentence_for
from engine.images import DRAFT_SIDE_PX
from engine.words import Sentence, say

if TYPE_CHECKING:
    import onnx

MAX_MODEL_BYTES: Final = (1 << 31) - 1
"""No protobuf message is longer."""
MAX_METADATA_BYTES: Final = 1 << 22  # Names of thousands of classes, and the licence of an encoder.
MAX_NODES: Final = 50_000
MAX_TENSOR_BYTES: Final = 1 << 28
"""Of a tensor between two operators, for one image; the largest of usual encoders has a tenth."""
_OPSETS: Final = range(13, 27)
_IR_VERSIONS: Final = range(7, 15)
_MOST_RANK: Final = 16
_MOST_COUNTED: Final = 1 << 12  # Numbers that are computed to learn how large others are.
_COUNTING: Final = frozenset(
    ("Add", "Cast", "Concat", "Div", "Gather", "Mul", "Range", "Squeeze", "Sub", "Unsqueeze")
)
_MOST_CUTS: Final = 8  # Views of an image; Handful's models have one of such a kind.

# What Handful's own graphs and torch's exporter use for networks that classify images. None of them
# takes a graph of its own, reads or writes anything, calls anybody or is random.
_OPERATORS: Final = """
Abs Add And ArgMax ArgMin Attention AveragePool BatchNormalization Cast CastLike Ceil Celu Clip
Concat Constant ConstantOfShape Conv ConvTranspose Cos CumSum DepthToSpace DequantizeLinear Div
Dropout Einsum Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish
Identity InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log
LogSoftmax LpNormalization LpPool MatMul Max MaxPool Mean Min Mish Mod Mul Neg Not Or PRelu Pad
Pow QuantizeLinear RMSNormalization Range Reciprocal ReduceL1 ReduceL2 ReduceMax ReduceMean
ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND
Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze
Sub Sum Swish Tanh Tile TopK Transpose Trilu Unsqueeze Where Xor
"""
_KNOWN: Final = frozenset(_OPERATORS.split())


def read_checked(path: Path, named: Path) -> bytes:
    """The model in a file, checked, as bytes that onnxruntime may load.

    Args:
        path: where it lies.
        named: what sentences name.

    Raises:
        EngineError: it cannot be read, is no ONNX model, or one that is not opened.
    """
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise _refusal(named, say("it has {size:.1f} GB", size=size / 1e9))
        content = path.read_bytes()
    except OSError as error:
        raise EngineError(sentence_for(error, named, say("read"))) from error
    return checked(content, named)


def checked(content: bytes, named: Path) -> bytes:
    """As :func:`read_checked`, of a model's bytes."""
    import onnx
    from google.protobuf.message import (  # type: ignore[import-untyped]  # It has no types.
        DecodeError,
    )

    if len(content) > MAX_MODEL_BYTES:
        raise _refusal(named, say("it has {size:.1f} GB", size=len(content) / 1e9))
    try:
        model = onnx.ModelProto.FromString(content)
    except (DecodeError, ValueError, RecursionError) as error:
        raise EngineError(
            say("{model} is not an ONNX model, or it is damaged.", model=named)
        ) from error
    del content
    model.DiscardUnknownFields()
    if not model.graph.node:
        raise EngineError(say("{model} is not an ONNX model, or it is damaged.", model=named))
    try:
        why = _why_not(model) or _why_too_large(model)
    except (ValueError, IndexError, KeyError, TypeError) as error:  # What refers to nothing.
        raise EngineError(
            say("{model} is not an ONNX model, or it is damaged.", model=named)
        ) from error
    if why is not None:
        raise _refusal(named, why)
    serialised: bytes = model.SerializeToString()
    return serialised


def _refusal(named: Path, why: Sentence) -> EngineError:
    return EngineError(
        say(
            "{model} was not opened, as Handful exports no such model: {why}.", model=named, why=why
        )
    )


def _why_not(model: onnx.ModelProto) -> Sentence | None:
    """What is in a model that no model of Handful has; None: nothing."""
    from onnx import TensorProto

    graph = model.graph
    versions = {item.domain: item.version for item in model.opset_import}
    if model.ir_version not in _IR_VERSIONS or versions.get("", 0) not in _OPSETS:
        return say("it is of another version of the format")
    if set(versions) - {""} or any(node.domain for node in graph.node):
        return say("it needs operators of another library")
    if model.functions or model.training_info or graph.sparse_initializer:
        return say("it brings operators of its own")
    if len(graph.node) > MAX_NODES or len(graph.initializer) > MAX_NODES:
        return say("it has {count:,} operators", count=len(graph.node))
    metadata = sum(len(item.key) + len(item.value) for item in model.metadata_props)
    if metadata > MAX_METADATA_BYTES:
        return say("what it says of itself has {size:.0f} MB", size=metadata / 1e6)
    for node in graph.node:
        if node.op_type not in _KNOWN:
            return say("it uses the operator “{name}”", name=node.op_type[:40])
    for tensor in _tensors_of(graph):
        if tensor is None:
            return say("there is a graph within its graph")
        if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
            return say("its weights are in another file")
        if tensor.data_type in (TensorProto.STRING, TensorProto.UNDEFINED):
            return say("there is text among its numbers")
        if len(tensor.dims) > _MOST_RANK or any(dim < 0 for dim in tensor.dims):
            return say("its weights have an impossible shape")
        if tensor.HasField("raw_data") and not _is_filled(tensor):
            return say("its weights are not as many as it says")
    given = [item.name for item in graph.input]
    if given != [INPUT_NAME]:
        return say("it takes something other than an image")
    return None


def _tensors_of(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto | None]:
    """All numbers that are in a graph; None for a graph within it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.graphs or attribute.HasField("g"):
                yield None
            if attribute.sparse_tensors or attribute.HasField("sparse_tensor"):
                yield None
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _is_filled(tensor: onnx.TensorProto) -> bool:
    """Whether there are as many bytes as the shape needs."""
    bits = _bits_of(tensor.data_type)
    return bool(len(tensor.raw_data) == math.ceil(math.prod(tensor.dims) * bits / 8))


def _bits_of(data_type: int) -> int:
    """Of one element; complex numbers and whatever is not known count as the widest."""
    from onnx import TensorProto, helper

    if data_type in (TensorProto.INT4, TensorProto.UINT4):
        return 4
    try:
        return 8 * int(helper.tensor_dtype_to_np_dtype(data_type).itemsize)
    except (KeyError, ValueError, TypeError):
        return 128


def _why_too_large(model: onnx.ModelProto) -> Sentence | None:
    """Whether every tensor between the operators has a size that is known, and is none too large.

    For one image as large as it is given: no size depends on what is in the image, so what is so
    for one is so for all, but for the image itself and what is cut out of it.
    """
    import onnx

    graph = model.graph
    trial = onnx.ModelProto()
    trial.CopyFrom(model)
    del trial.graph.value_info[:]
    shape = trial.graph.input[0].type.tensor_type.shape
    side = DRAFT_SIDE_PX
    for dim, size in zip(shape.dim, (1, side, side, 3), strict=False):
        if not dim.HasField("dim_value"):
            dim.dim_value = size
    for item in trial.graph.output:
        item.type.tensor_type.ClearField("shape")  # What it says of them is not to be believed.
    known = _inferred(trial)
    if known is not None and _count_out(trial.graph, known):
        known = _inferred(trial)
    for _ in range(_MOST_CUTS):
        if known is None:
            break
        cut = _first_cut(trial.graph, known)
        if cut is None:
            break
        # A part is no larger than the whole, so it counts as that. What comes next must be of a
        # size that does not depend on it.
        (part,) = cut.output
        if any(part in node.input and node.op_type != "Resize" for node in graph.node):
            break
        cut.op_type = "Identity"
        del cut.input[1:]
        del cut.attribute[:]
        known = _inferred(trial)
    if known is None:
        return say("its operators do not fit together")
    for node in graph.node:
        for name in filter(None, node.output):
            size_bytes = _bytes_of(known.get(name))
            if size_bytes is None:
                return say("the size of what it computes cannot be told")
            if size_bytes > MAX_TENSOR_BYTES:
                return say("a step of it needs {size:.0f} MB", size=size_bytes / 1e6)
    return None


def _count_out(graph: onnx.GraphProto, known: dict[str, onnx.ValueInfoProto]) -> bool:
    """Put numbers in place of ranges whose ends follow from sizes, which inference leaves open.

    torch writes such for views with strides. Returns whether there were any.
    """
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    if all(node.op_type != "Range" for node in graph.node):
        return False
    values: dict[str, NDArray[Any]] = {
        item.name: numpy_helper.to_array(item)
        for item in graph.initializer
        if math.prod(item.dims) <= _MOST_COUNTED and item.name
    }
    are_any = False
    for node in graph.node:
        if node.op_type == "Shape" and _bytes_of(known.get(node.input[0])) is not None:
            dims = known[node.input[0]].type.tensor_type.shape.dim
            options = {item.name: item.i for item in node.attribute}
            sizes = np.array([dim.dim_value for dim in dims], np.int64)
            values[node.output[0]] = sizes[options.get("start", 0) : options.get("end")]
        elif node.op_type in _COUNTING and all(name in values for name in node.input):
            given = {name: values[name] for name in node.input}
            if node.op_type == "Range" and not _is_short(*given.values()):
                continue
            try:
                (made,) = ReferenceEvaluator(node).run(None, given)
            except Exception:  # Whatever a graph of a stranger brings about: it stays unknown.
                continue
            if np.size(made) > _MOST_COUNTED:
                continue
            values[node.output[0]] = np.asarray(made)
            if node.op_type == "Range":
                name = node.output[0]
                node.CopyFrom(
                    helper.make_node(
                        "Constant", [], [name], value=numpy_helper.from_array(values[name])
                    )
                )
                are_any = True
    return are_any


def _is_short(start: NDArray[Any], limit: NDArray[Any], delta: NDArray[Any]) -> bool:
    step = float(delta.ravel()[0]) if delta.size == start.size == limit.size == 1 else 0.0
    return step != 0.0 and abs(float(limit.ravel()[0] - start.ravel()[0]) / step) <= _MOST_COUNTED


def _first_cut(
    graph: onnx.GraphProto, known: dict[str, onnx.ValueInfoProto]
) -> onnx.NodeProto | None:
    """The first operator that takes a part of something, as large as it finds only when it runs."""
    for node in graph.node:
        if node.op_type == "Slice" and _bytes_of(known.get(node.output[0])) is None:
            cut: onnx.NodeProto = node
            return cut
    return None


def _inferred(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto] | None:
    """What is known of every tensor; None where the graph contradicts itself."""
    import onnx

    try:
        made = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except Exception:  # onnx has exceptions of its own for each part of it.
        return None
    return {item.name: item for item in (*made.graph.value_info, *made.graph.output)}


def _bytes_of(item: onnx.ValueInfoProto | None) -> float | None:
    """Of a tensor; None where its shape is not known."""
    if item is None or not item.type.tensor_type.HasField("shape"):
        return None
    dims = item.type.tensor_type.shape.dim
    if not all(dim.HasField("dim_value") and dim.dim_value >= 0 for dim in dims):
        return None
    count: int = math.prod(dim.dim_value for dim in dims)
    return count * _bits_of(item.type.tensor_type.elem_type) / 8
