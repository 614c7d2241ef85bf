"""The plain variant of an exported model: small float images of one size in, the same answers out.

Many runtimes have no antialiased resize and no images of any size. Here the resize is left to who
calls, and what remains are operators that everything knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.encoder.description import BICUBIC, Preprocessing
from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME
from engine.encoder.views import VIEWS

if TYPE_CHECKING:
    import onnx

_PLANES: Final = "planes_float"  # Of the encoder's graph: RGB in [0, 255], before it is resized.


def float_graph(model: onnx.ModelProto, preprocessing: Preprocessing) -> onnx.ModelProto:
    """The same model for images that are resized already.

    Input ``image`` float32 [batch, 3, size, size], RGB in [0, 1]; the outputs stay. Where the
    model looks at several views, they are cut out of the small image, so the one that is a part of
    it has less detail. The embedding is not rounded to half precision.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    size_px = preprocessing.size_px
    plain: onnx.ModelProto = onnx.ModelProto.FromString(model.SerializeToString())
    graph = plain.graph
    constants: dict[str, NDArray[np.generic]] = {
        "float_range": np.float32(255.0).reshape(1, 1, 1, 1),
    }
    nodes = [helper.make_node("Mul", [INPUT_NAME, "float_range"], [_PLANES])]
    renamed: dict[str, str] = {}
    gone = {"planes", _PLANES}
    made = {node.output[0]: node for node in graph.node}
    rounding = made[OUTPUT_NAME]
    unrounded = made[rounding.input[0]].input[0]
    gone |= {OUTPUT_NAME, rounding.input[0]}
    margins = {f"view{number}": view.margin for number, view in enumerate(VIEWS)}
    for node in graph.node:
        name = node.output[0]
        if name in gone:
            continue
        view = name.partition("_")[0]
        if node.op_type == "Resize" and node.input[0] == _PLANES:
            renamed[name] = _PLANES  # From this size to this size.
            continue
        kept = onnx.NodeProto()
        kept.CopyFrom(node)
        kept.input[:] = [renamed.get(item, item) for item in node.input]
        if kept.op_type == "Resize":
            # As products with two matrices, which all runtimes know and agree on.
            rows = _enlarging(size_px - 2 * int(size_px * margins[view]), preprocessing)
            constants |= {f"{view}_rows": rows, f"{view}_columns": np.ascontiguousarray(rows.T)}
            wide = helper.make_node("MatMul", [kept.input[0], f"{view}_columns"], [f"{name}_wide"])
            nodes.append(wide)
            kept = helper.make_node("MatMul", [f"{view}_rows", f"{name}_wide"], [name])
        elif kept.op_type == "Slice" and name.endswith("_planes") and view in margins:
            margin = int(size_px * margins[view])
            constants[f"{view}_from"] = np.array([margin, margin], np.int64)
            constants[f"{view}_to"] = np.array([size_px - margin] * 2, np.int64)
            kept.input[1:3] = [f"{view}_from", f"{view}_to"]
        elif kept.op_type == "Slice" and name.endswith("_mirrored") and view in margins:
            # Few runtimes know slices that run backwards.
            constants["float_backwards"] = np.arange(size_px)[::-1].astype(np.int64)
            kept = helper.make_node("Gather", [kept.input[0], "float_backwards"], [name], axis=3)
        nodes.append(kept)
        if name == unrounded:
            nodes.append(helper.make_node("Identity", [unrounded], [OUTPUT_NAME]))
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    del graph.node[:]
    graph.node.extend(_needed(nodes, {item.name for item in graph.output}))
    used = {item for node in graph.node for item in node.input}
    initializers = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(initializers)
    batch = graph.input[0].type.tensor_type.shape.dim[0].dim_param or "batch"
    del graph.input[:]
    graph.input.append(
        helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, [batch, 3, size_px, size_px])
    )
    graph.name = "handful_classifier_float"
    onnx.checker.check_model(plain, full_check=True)
    return plain


def float_input(pixels: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """What the plain variant is given of an image (height, width, 3): (3, size_px, size_px).

    Resized by Pillow plane by plane as floats, whose filter is antialiased, and divided by 255. It
    has a rounding of its own (some 1e-4 of 255), so the answers are not bit for bit those of the
    other variant.
    """
    size = preprocessing.size_px
    kind = _filter_of(preprocessing)
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(pixels[..., channel], np.float32)).resize(
                (size, size), kind
            )
        )
        for channel in range(3)
    ]
    scaled: NDArray[np.float32] = np.clip(np.stack(planes), 0, 255) / np.float32(255)
    return scaled


def _enlarging(inner_px: int, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """(size_px, inner_px): what each pixel of an enlarged column is of the smaller one."""
    size = preprocessing.size_px
    unit = Image.fromarray(np.eye(inner_px, dtype=np.float32))
    matrix: NDArray[np.float32] = np.array(
        unit.resize((inner_px, size), _filter_of(preprocessing)), np.float32
    )
    return matrix


def _filter_of(preprocessing: Preprocessing) -> Image.Resampling:
    is_cubic = preprocessing.resampling == BICUBIC
    return Image.Resampling.BICUBIC if is_cubic else Image.Resampling.BILINEAR


def _needed(nodes: list[onnx.NodeProto], outputs: set[str]) -> list[onnx.NodeProto]:
    """Those that the outputs depend on, in the same order."""
    wanted = set(outputs)
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]
