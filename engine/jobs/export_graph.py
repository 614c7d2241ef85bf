"""The encoder's graph with an adapted head behind it, and what the file says of itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.images import DRAFT_SIDE_PX
from engine.jobs.predictions import FittedSnapshot
from engine.jobs.workspace import Workspace
from engine.method.heads import SMALLEST_NORM
from engine.version import VERSION

if TYPE_CHECKING:
    import onnx

NONE_THRESHOLD: Final = 0.5
"""From this none-of-these score on an image counts as none of the classes."""
DECODE_RULE: Final = (
    "Apply the EXIF orientation; take the first frame; 8-bit RGB, transparency over white. Shrink "
    f"by the largest power of two that leaves each side at least {DRAFT_SIDE_PX} px (a JPEG by up "
    "to 8 in its decoder, whatever remains by averaging squares of pixels, sizes rounded up); give "
    "the pixels to the graph at whatever size results."
)


def classifier_graph(
    workspace: Workspace, fitted: FittedSnapshot, encoder: onnx.ModelProto | None = None
) -> onnx.ModelProto:
    """The encoder's graph with the head behind it.

    Args:
        encoder: another graph than the one that runs, with the same input and output, on whose
            embeddings ``fitted.model`` works.

    Input ``image`` uint8 [batch, height, width, 3]. Outputs ``probabilities`` float32
    [batch, classes], ``class_index`` int64 [batch], ``embedding`` float32 [batch, d],
    ``none_score`` float32 [batch] in [0, 1].
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(encoder or onnx.load(fitted.seen.runtime.graph_on_disk()))
    graph = model.graph
    head = fitted.model
    constants = {
        "head_mean": head.mean,
        "head_weights": np.ascontiguousarray(head.weights.T),
        "head_bias": head.bias,
        "head_smallest_norm": np.float32(SMALLEST_NORM),
        "head_axes": np.array([1], np.int64),
        "none_mean": head.unknowns.mean,
        "none_support": np.ascontiguousarray(head.unknowns.support.T),
        "none_inverse_reach": head.unknowns.inverse_reach,
        "none_one": np.float32(1.0),
        "none_slope": np.float32(-head.unknowns.steepness),
    }
    told = head.unknowns.negative_weights
    if told is not None:
        constants["none_negative_weights"] = told
        constants["none_negative_bias"] = np.float32(head.unknowns.negative_bias)
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    graph.node.extend(
        [
            helper.make_node("Sub", ["embedding", "head_mean"], ["head_centred"]),
            helper.make_node("ReduceL2", ["head_centred", "head_axes"], ["head_norm"], keepdims=1),
            helper.make_node("Max", ["head_norm", "head_smallest_norm"], ["head_safe_norm"]),
            helper.make_node("Div", ["head_centred", "head_safe_norm"], ["head_direction"]),
            helper.make_node("MatMul", ["head_direction", "head_weights"], ["head_products"]),
            helper.make_node("Add", ["head_products", "head_bias"], ["head_logits"]),
            helper.make_node("Softmax", ["head_logits"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["probabilities"], ["class_index"], axis=1, keepdims=0),
            # unknowns.UnknownScorer, with the signs turned: the largest nearness plus one.
            helper.make_node("Sub", ["embedding", "none_mean"], ["none_centred"]),
            helper.make_node("ReduceL2", ["none_centred", "head_axes"], ["none_norm"], keepdims=1),
            helper.make_node("Max", ["none_norm", "head_smallest_norm"], ["none_safe_norm"]),
            helper.make_node("Div", ["none_centred", "none_safe_norm"], ["none_direction"]),
            helper.make_node("MatMul", ["none_direction", "none_support"], ["none_cosines"]),
            helper.make_node("Sub", ["none_cosines", "none_inverse_reach"], ["none_nearness"]),
            helper.make_node(
                "ReduceMax", ["none_nearness", "head_axes"], ["none_nearest"], keepdims=0
            ),
            helper.make_node("Add", ["none_nearest", "none_one"], ["none_within"]),
            helper.make_node("Mul", ["none_within", "none_slope"], ["none_logit"]),
        ]
    )
    none_logit = "none_logit"
    if told is not None:
        none_logit = "none_logit_told"
        graph.node.extend(
            [
                helper.make_node(
                    "MatMul", ["none_direction", "none_negative_weights"], ["none_negative"]
                ),
                helper.make_node("Add", ["none_negative", "none_negative_bias"], ["none_told"]),
                helper.make_node("Add", ["none_logit", "none_told"], [none_logit]),
            ]
        )
    graph.node.append(helper.make_node("Sigmoid", [none_logit], ["none_score"]))
    embedding_output = onnx.ValueInfoProto()
    embedding_output.CopyFrom(graph.output[0])
    batch = embedding_output.type.tensor_type.shape.dim[0].dim_param or "batch"
    outputs = [
        helper.make_tensor_value_info(
            "probabilities", TensorProto.FLOAT, [batch, len(fitted.classes)]
        ),
        helper.make_tensor_value_info("class_index", TensorProto.INT64, [batch]),
        embedding_output,
        helper.make_tensor_value_info("none_score", TensorProto.FLOAT, [batch]),
    ]
    del graph.output[:]
    graph.output.extend(outputs)
    graph.name = "handful_classifier"
    helper.set_model_props(model, _metadata(workspace, fitted))
    onnx.checker.check_model(model, full_check=True)
    return model


def _metadata(workspace: Workspace, fitted: FittedSnapshot) -> dict[str, str]:
    encoder = fitted.seen.runtime.encoder
    preprocessing = encoder.preprocessing
    names = [item.name for item in fitted.classes]
    return {
        "class_names": json.dumps(names, ensure_ascii=False),
        # The two other keys under which consumers look for names (Ultralytics, QGIS Deepness).
        "names": repr(dict(enumerate(names))),
        "model_type": "Classifier",
        "model_id": fitted.model_id,
        "app_version": VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "encoder_name": encoder.name,
        "encoder_architecture": encoder.architecture,
        "encoder_fingerprint": encoder.fingerprint,
        "encoder_licence": str(encoder.metadata.get("licence", "")),
        "preprocess": json.dumps(
            {
                "inside_the_graph": True,
                "layout": "NHWC uint8 RGB, any size",
                "size": preprocessing.size_px,
                "fit": preprocessing.fit.value,
                "filter": preprocessing.resampling,
                "mean": preprocessing.mean,
                "std": preprocessing.std,
                "shrink_to_px": DRAFT_SIDE_PX,
                "decode_rule": DECODE_RULE,
            }
        ),
        "effort": fitted.model.effort.value,
        "ingredients": json.dumps(fitted.model.kept),
        "n_labelled_images": str(fitted.model.n_support),
        "n_negative_examples": str(fitted.model.unknowns.n_negatives),
        "held_out_accuracy": (
            "" if fitted.model.held_out is None else f"{fitted.model.held_out.accuracy:.4f}"
        ),
        "none_threshold": f"{NONE_THRESHOLD:g}",
        "calibration": json.dumps(
            {
                "method": "one temperature, fitted to left-out labels",
                "inside_the_graph": True,
                "held_out_log_loss": (
                    None
                    if fitted.model.held_out is None
                    else round(fitted.model.held_out.log_loss, 4)
                ),
            }
        ),
        "Image.BitmapPixelFormat": "Rgb8",
        "Image.NominalPixelRange": "NominalRange_0_255",
    }
