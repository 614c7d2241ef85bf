"""Resizing beside the graph against the graph's own."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.utils import Extractor

from engine.encoder.agreement import LARGEST_ON_CPU, largest_difference
from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME, shipped_graph_path
from engine.encoder.parts import split
from engine.encoder.resizing import RESIZED, graph_behind_resizing, resize
from engine.encoder.runtime import EncoderRuntime, cpu_session, preparing

SIDE = 224
SIZES = (
    *((375, 500), (667, 500), (816, 612), (450, 1700), (1700, 450)),
    *((224, 224), (223, 225), (100, 80), (448, 112), (1, 1), (1, 700), (3, 2)),
)


@pytest.fixture(scope="module")
def graph_s_own() -> onnxruntime.InferenceSession:
    """The graph as far as it resizes."""
    model = onnx.load(shipped_graph_path())
    model.graph.value_info.append(
        onnx.helper.make_tensor_value_info(RESIZED, onnx.TensorProto.FLOAT, None)
    )
    return cpu_session(Extractor(model).extract_model([INPUT_NAME], [RESIZED]).SerializeToString())


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_resizing_is_the_graph_s_but_for_the_order_of_its_sums(
    height: int, width: int, graph_s_own: onnxruntime.InferenceSession
) -> None:
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    (wanted,) = graph_s_own.run(None, {INPUT_NAME: pixels[None]})
    found = resize(pixels, SIDE)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    assert np.abs(found - wanted).max() < 1e-4  # Of 255 grey levels.


def test_what_is_left_of_the_graph_is_a_whole_one() -> None:
    content = graph_behind_resizing(shipped_graph_path().read_bytes(), SIDE)
    assert content is not None
    onnx.checker.check_model(content, full_check=True)
    model = onnx.load_from_string(content)
    assert [item.name for item in model.graph.input] == [RESIZED]
    assert [item.name for item in model.graph.output] == [OUTPUT_NAME]
    assert not {"Resize", "Transpose"} & {node.op_type for node in model.graph.node[:3]}


def test_the_program_embeds_as_the_whole_graph_does(runtime: EncoderRuntime) -> None:
    whole = cpu_session(shipped_graph_path())

    def by_the_graph(pixels: np.ndarray) -> np.ndarray:
        (embeddings,) = whole.run([OUTPUT_NAME], {INPUT_NAME: pixels[None]})
        return embeddings[0].astype(np.float16)

    assert largest_difference(runtime.embed, by_the_graph) < LARGEST_ON_CPU / 2


def test_what_other_devices_are_given_is_the_same() -> None:
    parts = split(shipped_graph_path(), SIDE, viewed=False)
    own = cpu_session(parts.preprocessing)
    pixels = np.random.default_rng(1).integers(0, 256, (301, 500, 3), dtype=np.uint8)
    (wanted,) = own.run(None, {INPUT_NAME: pixels[None]})
    found = preparing(parts)(pixels)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-5


def test_a_graph_that_begins_otherwise_is_left_alone() -> None:
    content = shipped_graph_path().read_bytes()
    behind = graph_behind_resizing(content, SIDE)
    assert behind is not None
    network = split(shipped_graph_path(), SIDE, viewed=False).network
    cubic = onnx.load_from_string(content)
    for node in cubic.graph.node:
        node.output[:] = ["unclipped" if name == "resized" else name for name in node.output]
    for other in (behind, network, content[:-10], b"\xff\xff", cubic.SerializeToString()):
        assert graph_behind_resizing(other, SIDE) is None
