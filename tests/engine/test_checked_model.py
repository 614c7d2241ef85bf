"""Models of strangers: what Handful exports is opened, all that could do harm is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.bundle import checked_model
from engine.bundle.checked_model import read_checked
from engine.encoder.graph import shipped_graph_path
from engine.encoder.views import viewed_graph
from engine.errors import EngineError
from engine.jobs.exported_model import ExportedModel, load_exported
from engine.messages import ImageId, ImageRef
from tests.engine.onnx_models import small_model
from tests.engine.painted import paint

Spoil = Callable[[onnx.ModelProto], None]


def insert(model: onnx.ModelProto, *nodes: onnx.NodeProto) -> None:
    """Before the last operator, which then takes what the last of these gives."""
    last = model.graph.node.pop()
    model.graph.node.extend(nodes)
    last.input[0] = nodes[-1].output[0]
    model.graph.node.append(last)


def constant(model: onnx.ModelProto, name: str, values: object, kind: type = np.int64) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.array(values, kind), name))
    return name


def external_data(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[1]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../etc/passwd"), ("offset", "0"), ("length", "24")):
        tensor.external_data.add(key=key, value=value)


def external_data_said_softly(model: onnx.ModelProto) -> None:
    model.graph.initializer[1].external_data.add(key="location", value="/etc/passwd")


def external_constant(model: onnx.ModelProto) -> None:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    insert(
        model,
        helper.make_node("Constant", [], ["c"], value=tensor),
        helper.make_node("Add", ["logits", "c"], ["more"]),
    )


def custom_operator(model: onnx.ModelProto) -> None:
    insert(model, helper.make_node("Evil", ["logits"], ["more"], domain="com.evil"))


def other_domain(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def unknown_operator(model: onnx.ModelProto) -> None:
    insert(model, helper.make_node("StringNormalizer", ["logits"], ["more"]))


def random_operator(model: onnx.ModelProto) -> None:
    insert(model, helper.make_node("RandomNormalLike", ["logits"], ["more"]))


def loop(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    insert(model, helper.make_node("Loop", ["", "", "logits"], ["more"], body=inner))


def graph_in_a_harmless_operator(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    insert(model, helper.make_node("Identity", ["logits"], ["more"], body=inner))


def own_function(model: onnx.ModelProto) -> None:
    model.functions.append(
        helper.make_function(
            "", "Softmax", ["a"], ["b"], [helper.make_node("Identity", ["a"], ["b"])], []
        )
    )


def training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def text_among_numbers(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("t", TensorProto.STRING, [1], [b"x"]))


def lying_shape(model: onnx.ModelProto) -> None:
    model.graph.initializer[1].dims[0] = 1 << 40


def negative_shape(model: onnx.ModelProto) -> None:
    model.graph.initializer[1].dims[0] = -3


def expand(model: onnx.ModelProto) -> None:
    size = constant(model, "size", [1 << 20, 1 << 10, 2])
    insert(
        model,
        helper.make_node("Expand", ["logits", size], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["more"]),
    )


def expand_to_what_is_computed(model: onnx.ModelProto) -> None:
    insert(
        model,
        helper.make_node("Cast", ["logits"], ["whole"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["whole"], ["largest"], keepdims=1),
        helper.make_node("Reshape", ["largest", constant(model, "flat", [-1])], ["size"]),
        helper.make_node("Reshape", ["logits", constant(model, "column", [2, 1])], ["two"]),
        helper.make_node("Expand", ["two", "size"], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["one"]),
        helper.make_node("Add", ["logits", "one"], ["more"]),
    )


def tile(model: onnx.ModelProto) -> None:
    times = constant(model, "times", [1 << 20, 1 << 20])
    insert(model, helper.make_node("Tile", ["logits", times], ["more"]))


def filled(model: onnx.ModelProto) -> None:
    size = constant(model, "size", [1 << 20, 1 << 20])
    insert(
        model,
        helper.make_node("ConstantOfShape", [size], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["one"]),
        helper.make_node("Add", ["logits", "one"], ["more"]),
    )


def resize(model: onnx.ModelProto) -> None:
    sizes = constant(model, "sizes", [1, 1 << 30])
    insert(model, helper.make_node("Resize", ["logits", "", "", sizes], ["more"]))


def pad(model: onnx.ModelProto) -> None:
    pads = constant(model, "pads", [0, 1 << 30, 0, 0])
    insert(model, helper.make_node("Pad", ["logits", pads], ["more"]))


def outer_product(model: onnx.ModelProto) -> None:
    column = constant(model, "column", np.zeros((1 << 15, 1)), np.float32)
    row = constant(model, "row", np.zeros((1, 1 << 15)), np.float32)
    insert(
        model,
        helper.make_node("Add", [column, row], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["one"]),
        helper.make_node("Add", ["logits", "one"], ["more"]),
    )


def part_that_is_then_multiplied(model: onnx.ModelProto) -> None:
    insert(
        model,
        helper.make_node("Cast", ["logits"], ["ends"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["ends", constant(model, "flat", [-1])], ["to"]),
        helper.make_node("Slice", ["colours", constant(model, "none", [0, 0]), "to"], ["part"]),
        helper.make_node("Expand", ["part", "to"], ["more"]),
    )


def long_metadata(model: onnx.ModelProto) -> None:
    helper.set_model_props(model, {"class_names": "[]", "x": "y" * 5_000_000})


def two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def old_format(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 3


def new_format(model: onnx.ModelProto) -> None:
    model.ir_version = 99


HARMFUL: dict[Spoil, str] = {
    external_data: "its weights are in another file",
    external_data_said_softly: "its weights are in another file",
    external_constant: "its weights are in another file",
    custom_operator: "operators of another library",
    other_domain: "operators of another library",
    unknown_operator: "the operator “StringNormalizer”",
    random_operator: "the operator “RandomNormalLike”",
    loop: "the operator “Loop”",
    graph_in_a_harmless_operator: "a graph within its graph",
    own_function: "operators of its own",
    training: "operators of its own",
    text_among_numbers: "text among its numbers",
    lying_shape: "not as many as it says",
    negative_shape: "an impossible shape",
    expand: "a step of it needs",
    expand_to_what_is_computed: "the size of what it computes",
    tile: "a step of it needs",
    filled: "a step of it needs",
    resize: "a step of it needs",
    pad: "a step of it needs",
    outer_product: "a step of it needs",
    part_that_is_then_multiplied: "the size of what it computes",
    long_metadata: "what it says of itself",
    two_inputs: "other than an image",
    old_format: "another version of the format",
    new_format: "another version of the format",
}


def test_a_model_as_handful_exports_them_classifies(tmp_path: Path) -> None:
    path, image = tmp_path / "m.onnx", tmp_path / "i.png"
    path.write_bytes(small_model().SerializeToString())
    paint("dots").save(image)
    (chunk,) = (
        ExportedModel(path).results([ImageRef(ImageId(1), image, "i.png")], tmp_path).chunks()
    )
    assert chunk[0].failure == ""
    assert chunk[0].probabilities == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("spoil", HARMFUL, ids=lambda spoil: spoil.__name__)
def test_harm_is_refused_before_onnxruntime_sees_it(
    spoil: Spoil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(content: bytes) -> None:
        pytest.fail("it was loaded")

    monkeypatch.setattr("engine.jobs.exported_model.cpu_session", never)
    model = small_model()
    spoil(model)
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(EngineError, match="was not opened") as told:
        load_exported(path)
    assert HARMFUL[spoil] in str(told.value)
    assert str(path) in str(told.value)


def test_a_file_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(small_model().SerializeToString())
    monkeypatch.setattr(checked_model, "MAX_MODEL_BYTES", 10)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(EngineError, match="was not opened"):
        read_checked(path, path)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 1000, b"\x08", b"\x08\x0a" * 10])
def test_what_is_no_model_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match="is not an ONNX model, or it is damaged"):
        load_exported(path)


def test_a_model_cut_anywhere_is_told_or_opened_without_harm(tmp_path: Path) -> None:
    whole = small_model().SerializeToString()
    path = tmp_path / "m.onnx"
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(EngineError):
            load_exported(path)


@pytest.mark.parametrize(
    "names", [{"a": 1}, [1, 2], ["\ud800", "b"], ["x" * 2_000, "b"], "ab", None, [["a"], ["b"]]]
)
def test_class_names_that_are_none(names: object, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(small_model(names).SerializeToString())
    with pytest.raises(EngineError, match="was not exported by Handful"):
        load_exported(path)


def test_what_is_checked_is_what_is_loaded(tmp_path: Path) -> None:
    """Fields that the checks do not know of do not come through."""
    path = tmp_path / "m.onnx"
    unknown = bytes([(1000 << 3 | 2) & 0x7F | 0x80, (1000 << 3 | 2) >> 7, 3]) + b"abc"
    path.write_bytes(small_model().SerializeToString() + unknown)
    assert b"abc" not in read_checked(path, path)


def test_answers_that_are_no_numbers_are_told_and_nothing_raised(tmp_path: Path) -> None:
    model = small_model()
    nothing = constant(model, "nothing", [0.0], np.float32)
    insert(
        model,
        helper.make_node("Div", [nothing, nothing], ["no"]),
        helper.make_node("Add", ["logits", "no"], ["more"]),
    )
    path, image = tmp_path / "m.onnx", tmp_path / "i.png"
    path.write_bytes(model.SerializeToString())
    paint("dots").save(image)
    (chunk,) = (
        ExportedModel(path).results([ImageRef(ImageId(1), image, "i.png")], tmp_path).chunks()
    )
    assert chunk[0].failure == "the model gives no probabilities for it"


def test_the_graphs_of_the_program_pass(tmp_path: Path) -> None:
    shipped = shipped_graph_path()
    assert read_checked(shipped, shipped)
    viewed = tmp_path / "viewed.onnx"
    viewed.write_bytes(viewed_graph(shipped).SerializeToString())
    assert read_checked(viewed, viewed)


@pytest.mark.parametrize(("said", "kept"), [("ab12", "ab12"), ("=1+1", ""), ("a\nb", ""), ("", "")])
def test_a_model_id_that_is_none_of_ours_goes_nowhere(said: str, kept: str, tmp_path: Path) -> None:
    model = small_model()
    model.metadata_props.add(key="model_id", value=said)
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    assert load_exported(path)[2] == kept
