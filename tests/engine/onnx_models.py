"""A model that Handful could have exported, but for its size: to be spoiled by tests."""

from __future__ import annotations

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def small_model(names: object = ("fox", "hare")) -> onnx.ModelProto:
    """The mean colour, and which of two classes it is."""
    nodes = [
        helper.make_node("Cast", ["image"], ["colours"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["colours", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", "h", "w", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [
            numpy_helper.from_array(np.array([1, 2]), "axes"),
            numpy_helper.from_array(np.ones((3, 2), np.float32) / 255, "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {"class_names": json.dumps(names)})
    return model
