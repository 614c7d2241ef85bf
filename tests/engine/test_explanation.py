"""Why: the map sums to the score, lies where the parts are, and the neighbours are the nearest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.encoder.activations import Activations, TappedEncoder, embedding_of_roots
from engine.encoder.description import Encoder, Projection
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.graph import load_or_build_graph
from engine.encoder.runtime import EncoderRuntime
from engine.errors import EncoderError, EngineError
from engine.jobs.adaptation import adapt_and_classify
from engine.jobs.explanation import explain
from engine.jobs.workspace import Workspace
from engine.messages import (
    Adapt,
    ClassId,
    Effort,
    Event,
    Explain,
    Explained,
    ImageId,
    ImageRef,
    PredictionsReady,
    Snapshot,
)
from engine.method.adaptation import AdaptedModel, adapt
from engine.method.explanation import Box, View, nearest, score_map
from engine.painting import paint_picture
from tests.engine.painted import KINDS, paint, paint_folder, snapshot_of

SIZES = ((31, 33), (224, 224), (640, 427), (300, 1201))  # Width, height.


@pytest.fixture(scope="module", params=["several layers", "last layer"])
def tapped(request: pytest.FixtureRequest, shared_graphs: Path) -> tuple[Encoder, TappedEncoder]:
    """The shipped encoder, and its network as an encoder of the first format."""
    encoder = load_encoder(shipped_encoder_path())
    if request.param == "last layer":
        encoder = replace(encoder, projection=None, feature_mean=np.zeros(1280, np.float32))
    graph = load_or_build_graph(encoder, shared_graphs)
    return encoder, TappedEncoder(encoder, graph)


def _photographs() -> list[NDArray[np.uint8]]:
    """Pictures of machine parts and patterns, in every size, and one that is black."""
    random = np.random.default_rng(5)
    pictures = [paint_picture(name, random) for name in ("gear", "washer", "spring")]
    pictures += [paint(kind, *size) for kind in KINDS for size in SIZES]
    pictures += [pictures[0].resize(size) for size in SIZES]
    arrays = [np.asarray(picture.convert("RGB")) for picture in pictures]
    return [*arrays, np.zeros((50, 70, 3), np.uint8)]


def test_the_map_sums_to_the_score_and_rounding_is_all_that_is_left(
    tapped: tuple[Encoder, TappedEncoder],
) -> None:
    encoder, network = tapped
    pictures = _photographs()
    seen = [network.run(pixels) for pixels in pictures]
    embeddings = np.stack([item.embedding for item in seen])
    labels = np.arange(len(pictures)) % 4
    model = adapt(embeddings, labels, embeddings.mean(axis=0))
    model = replace(model, bias=np.array([0.5, -0.2, 0.1, 0.0], np.float32))
    logits = model.logits(model.directions(embeddings))
    scores = logits - logits.mean(axis=1, keepdims=True)
    for row, item in enumerate(seen):
        for column in range(4):
            made = score_map(model, column, item.embedding, [View(item.taps)], encoder.projection)
            total = float(made.heat.sum(dtype=np.float64))
            bound = max(1.0, abs(made.score))
            assert made.score == pytest.approx(scores[row, column], abs=1e-4 * bound)
            assert abs(total - made.score) <= 1e-4 * bound
            # The parts themselves add up: what rounding the embedding to half precision loses.
            assert abs(made.remainder) <= 0.01 * bound
            assert np.isfinite(made.heat).all()


def test_the_activations_are_those_of_the_graph(tapped: tuple[Encoder, TappedEncoder]) -> None:
    encoder, network = tapped
    for pixels in _photographs()[:4]:
        seen = network.run(pixels)
        roots = np.sqrt(np.concatenate([tap.mean(axis=(1, 2)) for tap in seen.taps]))
        made = embedding_of_roots(roots, encoder.projection)
        assert made.astype(np.float16) == pytest.approx(
            seen.embedding, abs=6e-4 * float(np.abs(seen.embedding).max())
        )
        assert all((tap >= 0).all() and (tap <= 6).all() for tap in seen.taps)


def test_a_graph_that_is_not_the_encoders_is_refused(
    runtime: EncoderRuntime,
) -> None:
    encoder = runtime.encoder
    assert encoder.projection is not None
    moved = replace(encoder.projection, offset=encoder.projection.offset + np.float32(0.5))
    with pytest.raises(EncoderError, match=r"encoder\.onnx do not give its embedding"):
        TappedEncoder(replace(encoder, projection=moved), runtime.graph_path)
    last = replace(encoder, projection=None, feature_mean=np.zeros(1280, np.float32))
    with pytest.raises(EncoderError, match="pools 4 activations where its encoder has 1"):
        TappedEncoder(last, runtime.graph_path)


def test_a_file_that_is_no_graph_is_told_in_a_sentence(
    runtime: EncoderRuntime, tmp_path: Path
) -> None:
    damaged = tmp_path / "broken.onnx"
    damaged.write_bytes(b"\x0aoops")
    with pytest.raises(EncoderError, match=r"broken\.onnx cannot be opened: .*\.$"):
        TappedEncoder(runtime.encoder, damaged)


# --- By hand --------------------------------------------------------------------------------------


def _model(weights: list[list[float]], mean: list[float]) -> AdaptedModel:
    """A model of two classes with these weights; whatever else it has does not matter here."""
    made = adapt(np.eye(4, 8, dtype=np.float32), np.arange(4) % 2, np.zeros(8, np.float32))
    return replace(
        made,
        weights=np.array(weights, np.float32),
        bias=np.zeros(len(weights), np.float32),
        mean=np.array(mean, np.float32),
    )


def test_two_channels_by_hand() -> None:
    # One row of two cells. z = (mean(1, 7), mean(9, 9)) = (4, 9), so u = (2, 3) and |u| = sqrt(13).
    activation = np.array([[[1.0, 7.0]], [[9.0, 9.0]]], np.float32)
    model = _model([[1.0, 4.0], [-1.0, 0.0]], [0.0, 0.0])
    made = score_map(model, 0, np.array([2.0, 3.0], np.float32), [View((activation,))], None)
    # Less the classes' mean the weights are (1, 2): the score is (2 + 6) / sqrt(13), and the first
    # channel's 2 falls apart into 1 / (2 * 2) and 7 / (2 * 2).
    expected = np.array([[0.25 + 3.0, 1.75 + 3.0]]) / np.sqrt(13.0)
    assert made.score == pytest.approx(8 / np.sqrt(13.0))
    assert made.heat == pytest.approx(expected, abs=1e-6)
    assert made.spread == pytest.approx(0.0, abs=1e-7)
    other = score_map(model, 1, np.array([2.0, 3.0], np.float32), [View((activation,))], None)
    assert other.heat == pytest.approx(-expected, abs=1e-6)


def test_a_silent_channel_counts_for_nothing() -> None:
    activation = np.stack([np.zeros((2, 2)), np.eye(2)]).astype(np.float32)
    model = _model([[5.0, 1.0], [0.0, 0.0]], [0.0, 0.0])
    embedding = np.array([0.0, np.sqrt(0.5)], np.float32)
    made = score_map(model, 0, embedding, [View((activation,))], None)
    assert made.heat == pytest.approx(np.eye(2) / 4, abs=1e-6)


def test_coarse_cells_are_spread_evenly_over_the_finest_grid() -> None:
    fine = np.zeros((1, 4, 4), np.float32)
    fine[0, 3, 0] = 16.0  # The mean is 1, and so is the root.
    coarse = np.zeros((1, 2, 2), np.float32)
    coarse[0, 0, 1] = 4.0
    model = _model([[1.0, 2.0], [-1.0, -2.0]], [0.0, 0.0])
    embedding = np.array([1.0, 1.0], np.float32)
    made = score_map(model, 0, embedding, [View((fine, coarse))], None)
    expected = np.zeros((4, 4))
    expected[3, 0] = 1.0
    expected[:2, 2:] = 2.0 / 4
    assert made.heat == pytest.approx(expected / np.sqrt(2.0), abs=1e-6)


def test_views_lie_where_they_looked() -> None:
    # Two views of one cell each that is on: the upper half mirrored, and the right half as it is.
    first = np.array([[[4.0, 0.0]]], np.float32)  # z = 2; its cell is on the image's right.
    second = np.array([[[0.0], [6.0]]], np.float32)  # z = 3
    views = [
        View((first,), Box(bottom=0.5), mirrored=True, weight=0.5),
        View((second,), Box(left=0.5), weight=0.5),
    ]
    embedding = np.array([(np.sqrt(2.0) + np.sqrt(3.0)) / 2], np.float32)
    made = score_map(_model([[1.0], [-1.0]], [0.0]), 0, embedding, views, None)
    total = np.sqrt(2.0) + np.sqrt(3.0)
    # The finest grid is 2 x 2; one row of the first view covers the upper half.
    expected = np.array([[0.0, np.sqrt(2.0)], [0.0, np.sqrt(3.0)]]) / total
    assert made.score == pytest.approx(1.0)
    assert made.heat == pytest.approx(expected, abs=1e-6)


def test_views_of_a_box_that_fits_no_cells_lose_nothing() -> None:
    random = np.random.default_rng(3)
    projection = Projection(
        taps=(1, 2),
        matrix=random.normal(size=(7, 5)).astype(np.float32),
        offset=random.normal(size=5).astype(np.float32),
    )
    boxes = [(Box(), False), (Box(), True), (Box(0.0625, 0.1, 0.9375, 0.83), False)]
    views, embedding = [], np.zeros(5)
    for box, mirrored in boxes:
        taps = tuple(random.random((n, s, s + 1)).astype(np.float32) for n, s in ((4, 3), (3, 7)))
        roots = np.sqrt(np.concatenate([tap.mean(axis=(1, 2)) for tap in taps]))
        embedding += embedding_of_roots(roots, projection) / 3
        views.append(View(taps, box, mirrored, 1 / 3))
    model = _model(random.normal(size=(3, 5)).tolist(), random.normal(size=5).tolist())
    for column in range(3):
        made = score_map(model, column, embedding.astype(np.float32), views, projection)
        assert made.heat.shape == (7, 8)
        assert float(made.heat.sum(dtype=np.float64)) == pytest.approx(made.score, abs=1e-5)
        assert made.remainder == pytest.approx(0.0, abs=1e-5)


def test_the_nearest_come_first_and_equals_keep_their_order() -> None:
    others = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], np.float32)
    order, cosines = nearest(np.array([1.0, 0.0], np.float32), others, 3)
    assert order.tolist() == [1, 3, 0]
    assert cosines == pytest.approx([1.0, 1.0, 0.6])


# --- The job --------------------------------------------------------------------------------------


def _explained(steps: Iterable[Event | None]) -> Explained:
    (event,) = [item for item in steps if item is not None]
    assert isinstance(event, Explained)
    return event


def _adapted(
    workspace: Workspace, snapshot: Snapshot, effort: Effort = Effort.INSTANT
) -> list[Event]:
    command = Adapt(1, snapshot.classes, snapshot.support, (), effort)
    return [event for event in adapt_and_classify(workspace, command) if event is not None]


@pytest.fixture
def snapshot(tmp_path: Path, workspace: Workspace) -> Snapshot:
    """Painted images, three of each kind labelled, and a model of them in the workspace."""
    paths = paint_folder(tmp_path / "images", 4)
    made = snapshot_of(tmp_path / "images", paths, 3)
    _adapted(workspace, made)
    return made


def _ask(snapshot: Snapshot, image: ImageRef, kind: str) -> Explain:
    class_id = snapshot.classes[KINDS.index(kind)].class_id
    return Explain(9, image, class_id, snapshot.support)


def _saved(path: Path, picture: Image.Image, number: int) -> ImageRef:
    picture.save(path)
    return ImageRef(ImageId(number), path, path.name)


@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.THOROUGH])
def test_the_scores_are_those_of_the_predictions_on_screen(
    snapshot: Snapshot, workspace: Workspace, effort: Effort
) -> None:
    ready = [e for e in _adapted(workspace, snapshot, effort) if isinstance(e, PredictionsReady)]
    assert workspace.current is not None
    assert workspace.current.model.effort is effort
    probabilities = {
        (int(image), int(item)): float(value)
        for event in ready
        for image, classes, values in zip(
            event.image_ids, event.class_ids, event.probabilities, strict=True
        )
        for item, value in zip(classes, values, strict=True)
    }
    image = snapshot.images[0]
    scores = {
        kind: _explained(explain(workspace, _ask(snapshot, image, kind))).score for kind in KINDS
    }
    assert sum(scores.values()) == pytest.approx(0.0, abs=1e-4)
    total = sum(np.exp(score) for score in scores.values())
    for kind, item in zip(KINDS, snapshot.classes, strict=True):
        shown = probabilities[image.image_id, item.class_id]
        assert np.exp(scores[kind]) / total == pytest.approx(shown, abs=1e-3)


@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.THOROUGH])
def test_the_map_points_at_the_part_that_speaks_for_the_class(
    tmp_path: Path, snapshot: Snapshot, workspace: Workspace, effort: Effort
) -> None:
    _adapted(workspace, snapshot, effort)
    halves = Image.new("RGB", (320, 240))
    halves.paste(paint("dots", 160, 240, seed=31), (0, 0))
    halves.paste(paint("stripes", 160, 240, seed=31), (160, 0))
    image = _saved(tmp_path / "halves.png", halves, 99)
    sums = {}
    for kind in ("dots", "stripes"):
        event = _explained(explain(workspace, _ask(snapshot, image, kind)))
        assert event.heat.shape == (14, 14)
        assert not event.heat.flags.writeable
        total = float(event.heat.sum(dtype=np.float64))
        assert abs(total - event.score) <= 1e-4 * max(1.0, abs(event.score))
        sums[kind] = event.heat[:, :7].sum(), event.heat[:, 7:].sum()
    assert sums["dots"][0] > sums["dots"][1]
    assert sums["stripes"][1] > sums["stripes"][0]


def test_neighbours_are_the_nearest_labelled_images_but_not_the_image_itself(
    tmp_path: Path, snapshot: Snapshot, workspace: Workspace
) -> None:
    labelled, own_class = snapshot.support[0]
    event = _explained(explain(workspace, _ask(snapshot, labelled, "checks")))
    assert len(event.neighbours) == 3
    assert labelled.image_id not in {item.image_id for item in event.neighbours}
    similarities = [item.similarity for item in event.neighbours]
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1.0 <= value <= 1.0 for value in similarities)
    truth = {image.image_id: class_id for image, class_id in snapshot.support}
    assert all(truth[item.image_id] == item.class_id for item in event.neighbours)
    assert event.neighbours[0].class_id == own_class
    # A copy of a labelled image is as near to it as can be, and is said so.
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(labelled.path.read_bytes())
    found = _explained(
        explain(workspace, _ask(snapshot, ImageRef(ImageId(98), copy, "copy.jpg"), "dots"))
    )
    assert found.neighbours[0].image_id == labelled.image_id
    assert found.neighbours[0].similarity == pytest.approx(1.0, abs=1e-3)


def test_fewer_labelled_images_make_fewer_neighbours(tmp_path: Path, workspace: Workspace) -> None:
    paths = paint_folder(tmp_path / "images", 1)
    snapshot = snapshot_of(tmp_path / "images", paths, 1)
    _adapted(workspace, snapshot)
    event = _explained(explain(workspace, _ask(snapshot, snapshot.images[0], "dots")))
    assert len(event.neighbours) == 2


def test_the_graph_is_opened_once_and_an_image_run_once_whatever_is_asked_of_it(
    snapshot: Snapshot, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    shapes: list[tuple[int, ...]] = []
    open_one, run = TappedEncoder.__init__, TappedEncoder.run

    def counting_open(self: TappedEncoder, encoder: Encoder, graph_path: Path) -> None:
        opened.append(graph_path)
        open_one(self, encoder, graph_path)
        shapes.clear()  # Opening runs it once, to check it.

    def counting_run(self: TappedEncoder, pixels: NDArray[np.uint8]) -> Activations:
        shapes.append(pixels.shape)
        return run(self, pixels)

    monkeypatch.setattr(TappedEncoder, "__init__", counting_open)
    monkeypatch.setattr(TappedEncoder, "run", counting_run)
    first, second = snapshot.images[:2]
    for image in (first, first, second, second, first):
        for kind in KINDS:
            event = _explained(explain(workspace, _ask(snapshot, image, kind)))
            assert event.image_id == image.image_id
    assert opened == [workspace.runtime.graph_path]
    assert len(shapes) == 3


def test_without_a_model_it_is_said_what_to_do(tmp_path: Path, workspace: Workspace) -> None:
    paths = paint_folder(tmp_path / "images", 1)
    snapshot = snapshot_of(tmp_path / "images", paths, 1)
    with pytest.raises(EngineError, match="label images of at least two classes first"):
        list(explain(workspace, _ask(snapshot, snapshot.images[0], "dots")))


def test_a_class_without_an_example_has_no_score(snapshot: Snapshot, workspace: Workspace) -> None:
    command = replace(_ask(snapshot, snapshot.images[0], "dots"), class_id=ClassId(77))
    with pytest.raises(EngineError, match="no labelled image that can be read"):
        list(explain(workspace, command))


def test_an_image_that_cannot_be_read_is_named(
    tmp_path: Path, snapshot: Snapshot, workspace: Workspace
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    image = ImageRef(ImageId(97), broken, "broken.jpg")
    with pytest.raises(
        EngineError, match=r"^broken\.jpg cannot be explained: the file is empty\.$"
    ):
        list(explain(workspace, _ask(snapshot, image, "dots")))


def test_what_is_explained_is_the_file_as_it_is_now(
    tmp_path: Path, snapshot: Snapshot, workspace: Workspace
) -> None:
    path = tmp_path / "changing.png"
    image = _saved(path, paint("dots", seed=40), 96)
    before = _explained(explain(workspace, _ask(snapshot, image, "dots")))
    paint("stripes", seed=40).save(path)
    after = _explained(explain(workspace, _ask(snapshot, image, "dots")))
    assert after.score < before.score
