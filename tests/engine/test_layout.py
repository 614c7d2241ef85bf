"""The map: neighbours stay neighbours, images that come find their place, and it can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from painted import KINDS, kind_of, paint_folder, refs

from engine.jobs import layout as layout_job
from engine.jobs.embedding import embed_images
from engine.jobs.layout import lay_out
from engine.jobs.workspace import Workspace
from engine.messages import (
    EmbedImages,
    Event,
    ImageRef,
    LaidOut,
    LayOut,
    LayoutMethod,
    Progress,
)
from engine.method import layout, neighbours
from engine.method.layout import (
    fit_to_map,
    main_directions,
    neighbour_layout,
    place_among,
    turned_towards,
)
from engine.method.neighbours import nearest_neighbours

_T = TypeVar("_T")
_NEAREST = 5


def result_of(steps: Generator[Any, None, _T]) -> tuple[list[Any], _T]:
    """What a generator yielded and what it returned."""
    yielded: list[Any] = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value


def clusters(n_clusters: int, each: int, size: int = 48) -> tuple[NDArray[Any], NDArray[Any]]:
    """Directions of length one around some centres, and which centre each belongs to."""
    random = np.random.default_rng(5)
    centres = random.normal(size=(n_clusters, size))
    labels = np.repeat(np.arange(n_clusters), each)
    points = centres[labels] + random.normal(0, 0.5, (len(labels), size))
    points = points - points.mean(axis=0)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float32), labels


def nearest(points: NDArray[Any], count: int = _NEAREST) -> NDArray[Any]:
    """By comparing all with all."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, :count]


def share_kept(points: NDArray[Any], positions: NDArray[Any]) -> float:
    """Of the nearest in truth, how many are among the nearest on the map."""
    pairs = zip(nearest(points), nearest(positions), strict=True)
    return float(np.mean([len(set(a) & set(b)) / _NEAREST for a, b in pairs]))


# --- Neighbours -----------------------------------------------------------------------------------


def test_in_a_small_folder_neighbours_are_exact() -> None:
    points, _ = clusters(4, 40)
    steps, (indices, distances) = result_of(nearest_neighbours(points, 7))
    assert np.array_equal(indices, nearest(points, 7))
    apart = np.linalg.norm(points[:, None] - points[indices], axis=2)
    assert np.allclose(distances, apart, atol=1e-3)
    assert steps[-1] == 1.0


def test_in_a_large_folder_nearly_all_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    points, _ = clusters(12, 100)
    monkeypatch.setattr(neighbours, "EXACT_UP_TO", 500)
    monkeypatch.setattr(neighbours, "_CELL", 60)
    monkeypatch.setattr(neighbours, "_CELLS_SEARCHED", 6)
    steps, (indices, _) = result_of(nearest_neighbours(points.astype(np.float16), 10))
    pairs = zip(indices, nearest(points, 10), strict=True)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in pairs]) > 0.9
    assert not np.any(indices == np.arange(len(points))[:, None])
    assert len(steps) > 20
    _, (again, _) = result_of(nearest_neighbours(points.astype(np.float16), 10))
    assert np.array_equal(indices, again)


# --- Layout ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_a_grid", [False, True])
def test_neighbours_are_kept_better_than_by_the_main_directions(
    monkeypatch: pytest.MonkeyPatch, with_a_grid: bool
) -> None:
    points, labels = clusters(10, 25)
    monkeypatch.setattr(layout, "_FFT_FROM", 0 if with_a_grid else 10**9)
    for phase in ("_EARLY", "_LATE"):
        monkeypatch.setattr(layout, phase, 100)  # So few points need no more.
    flat = fit_to_map(points @ main_directions(points))
    yielded, positions = result_of(neighbour_layout(points, flat))
    assert positions.shape == (250, 2)
    assert positions.dtype == np.float32
    assert share_kept(points, positions) > 1.5 * share_kept(points, flat)
    assert np.mean(labels[nearest(positions)] == labels[:, None]) > 0.98
    assert np.quantile(np.hypot(*positions.T), 0.99) == pytest.approx(1.0, abs=1e-3)
    shares = [item.share for item in yielded]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert any(item.positions is not None for item in yielded)


def test_the_same_images_give_the_same_map() -> None:
    points, _ = clusters(5, 12)
    flat = fit_to_map(points @ main_directions(points))
    first, second = (result_of(neighbour_layout(points, flat))[1] for _ in range(2))
    assert np.array_equal(first, second)


def test_copies_of_one_image_make_a_map_as_well() -> None:
    points = np.repeat(clusters(2, 1)[0][:1], 20, axis=0)
    _, positions = result_of(neighbour_layout(points, np.zeros((20, 2), np.float32)))
    assert np.isfinite(positions).all()


def test_new_points_lie_among_their_neighbours() -> None:
    points, labels = clusters(6, 20)
    flat = fit_to_map(points @ main_directions(points))
    positions = result_of(neighbour_layout(points, flat))[1]
    is_new = np.arange(len(points)) % 10 == 0
    _, placed = result_of(place_among(points[is_new], points[~is_new], positions[~is_new]))
    apart = np.linalg.norm(placed[:, None] - positions[None, ~is_new], axis=2)
    assert np.array_equal(labels[~is_new][apart.argmin(axis=1)], labels[is_new])


# --- The job --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eight pictures of each of three kinds."""
    return paint_folder(tmp_path_factory.mktemp("painted"), 8)


def read(workspace: Workspace, images: Sequence[ImageRef]) -> None:
    for _ in embed_images(workspace, EmbedImages(1, tuple(images))):
        pass


def run(workspace: Workspace, command: LayOut) -> list[LaidOut]:
    return [item for item in lay_out(workspace, command) if isinstance(item, LaidOut)]


def kinds_agree(answer: LaidOut, images: Sequence[ImageRef]) -> float:
    """How often the nearest on the map are of the same kind."""
    by_id = {image.image_id: kind_of(image.path) for image in images}
    kinds = np.array([by_id[image] for image in answer.image_ids.tolist()])
    return float(np.mean(kinds[nearest(answer.positions)] == kinds[:, None]))


def test_the_main_directions_come_first_and_neighbours_last(
    workspace: Workspace, painted: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout_job, "STRETCH_S", 0.0)
    images = refs(painted)
    read(workspace, images)
    events: list[Event | None] = list(lay_out(workspace, LayOut(7)))
    answers = [item for item in events if isinstance(item, LaidOut)]
    assert answers[0].method is LayoutMethod.MAIN_DIRECTIONS
    assert [item.is_final for item in answers] == [False] * (len(answers) - 1) + [True]
    assert answers[-1].method is LayoutMethod.NEIGHBOURS
    assert answers[-1].image_ids.tolist() == [image.image_id for image in images]
    assert kinds_agree(answers[-1], images) > 0.9
    assert not answers[-1].positions.flags.writeable
    assert None in events  # While the pool is at it a click has its turn.
    assert {item.request_id for item in events if item is not None} == {7}
    done = [item.done for item in events if isinstance(item, Progress)]
    assert len(done) > 1
    assert done == sorted(done)


def test_images_that_come_are_placed_and_nothing_else_moves(
    workspace: Workspace, painted: list[Path]
) -> None:
    images = refs(painted)
    late = images[::8]  # One of each kind.
    read(workspace, [image for image in images if image not in late])
    before = run(workspace, LayOut(1))[-1]
    read(workspace, images)
    (after,) = run(workspace, LayOut(2))
    assert after.is_final
    assert after.method is LayoutMethod.NEIGHBOURS
    assert len(after.image_ids) == len(images)
    stayed = np.isin(after.image_ids, before.image_ids)
    assert np.array_equal(after.positions[stayed], before.positions)
    assert kinds_agree(after, images) > 0.9


def test_it_is_made_anew_on_request_or_when_most_images_are_others(
    workspace: Workspace, painted: list[Path]
) -> None:
    images = refs(painted)
    read(workspace, images[:14])
    run(workspace, LayOut(1))
    assert len(run(workspace, LayOut(2))) == 1
    assert len(run(workspace, LayOut(3, anew=True))) > 1
    read(workspace, images)  # 24, of which 14 are on the map: less than two thirds.
    answers = run(workspace, LayOut(4))
    assert answers[0].method is LayoutMethod.MAIN_DIRECTIONS
    assert len(answers[-1].image_ids) == len(images)


def test_while_the_folder_is_read_only_what_is_quick_is_done(
    workspace: Workspace, painted: list[Path]
) -> None:
    read(workspace, refs(painted)[:15])
    (answer,) = run(workspace, LayOut(1, is_quick=True))
    assert answer.is_final
    assert answer.method is LayoutMethod.MAIN_DIRECTIONS
    assert workspace.layout is None


@pytest.mark.parametrize("n_images", [0, 1, 3, 11])
def test_few_images_are_shown_by_their_main_directions(
    workspace: Workspace, painted: list[Path], n_images: int
) -> None:
    read(workspace, refs(painted)[:n_images])
    (answer,) = run(workspace, LayOut(1))
    assert answer.is_final
    assert answer.method is LayoutMethod.MAIN_DIRECTIONS
    assert answer.positions.shape == (n_images, 2)
    assert np.isfinite(answer.positions).all()


def test_it_is_remembered_with_the_embeddings(
    open_workspace: Callable[..., tuple[Workspace, Any]], painted: list[Path]
) -> None:
    first, _ = open_workspace()
    images = refs(painted)
    read(first, images)
    made = run(first, LayOut(1))[-1]
    second, _ = open_workspace()
    others = refs(painted, first=100)  # Another project may number them otherwise.
    read(second, others[:20])  # And not all of them are read yet.
    (quick,) = run(second, LayOut(1, is_quick=True))
    assert np.array_equal(quick.positions, made.positions[:20])
    read(second, others)
    (again,) = run(second, LayOut(2))
    assert again.image_ids.tolist() == [image.image_id for image in others]
    assert np.array_equal(again.positions, made.positions)


def test_it_can_be_stopped_between_any_two_steps(
    workspace: Workspace, painted: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout_job, "_SHOW_S", 0.0)
    monkeypatch.setattr(layout_job, "STRETCH_S", 0.0)
    images = refs(painted)
    read(workspace, images)
    steps = lay_out(workspace, LayOut(1))
    seen: list[LayoutMethod] = []
    for event in steps:
        if isinstance(event, LaidOut):
            seen.append(event.method)
            if event.method is LayoutMethod.NEIGHBOURS:
                assert not event.is_final
                break
    assert isinstance(steps, Generator)
    steps.close()
    assert seen == [LayoutMethod.MAIN_DIRECTIONS, LayoutMethod.NEIGHBOURS]
    assert workspace.layout is None
    read(workspace, refs(painted, first=50))  # The pool is free for other work.
    assert len(workspace.store) == 2 * len(images)
    assert {kind_of(path) for path in painted} == set(KINDS)


# --- As a fine-tuned network sees the images ------------------------------------------------------


@pytest.fixture
def tuned(workspace: Workspace, painted: list[Path]) -> Workspace:
    """The folder laid out, and one that embeds it otherwise, known as the network "net"."""
    read(workspace, refs(painted))
    run(workspace, LayOut(1))
    seen = workspace.beside(viewed=True)
    workspace.tunings["net"] = SimpleNamespace(seen=seen)
    return seen


def test_a_tuned_network_has_a_layout_of_its_own_beside_the_encoder_s(
    workspace: Workspace, painted: list[Path], tuned: Workspace
) -> None:
    images = refs(painted)
    before = run(workspace, LayOut(2))[-1]
    (after,) = run(workspace, LayOut(3, tuning="net"))  # The old one is seen till the end.
    assert after.is_final
    assert (before.tuning, after.tuning) == ("", "net")
    assert after.image_ids.tolist() == [image.image_id for image in images]
    assert kinds_agree(after, images) > 0.9
    assert not np.array_equal(after.positions, before.positions)
    # It begins where the images lay and is turned as they were: the three kinds stay about where
    # they are, so that none of them is nearer to where another one was.
    kinds = np.array([kind_of(path) for path in painted])
    old, new = (
        np.array([item.positions[kinds == kind].mean(axis=0) for kind in KINDS])
        for item in (before, after)
    )
    apart = np.linalg.norm(new[:, None] - old[None], axis=2)
    assert apart.argmin(axis=1).tolist() == list(range(len(KINDS)))
    # Each is kept.
    (encoder_s,) = run(workspace, LayOut(4))
    assert np.array_equal(encoder_s.positions, before.positions)
    (again,) = run(workspace, LayOut(5, tuning="net"))
    assert np.array_equal(again.positions, after.positions)
    assert len(run(workspace, LayOut(6, tuning="net", anew=True))) > 1


def test_a_tuned_network_looks_at_images_that_came_since(
    workspace: Workspace, painted: list[Path], tuned: Workspace
) -> None:
    run(workspace, LayOut(2, tuning="net"))
    late = refs(painted[:3], first=100)
    read(workspace, late)
    (answer,) = run(workspace, LayOut(3, tuning="net"))
    assert set(answer.image_ids.tolist()) >= {image.image_id for image in late}
    assert len(answer.image_ids) == len(painted) + 3
    workspace.keep_only(refs(painted))
    (answer,) = run(workspace, LayOut(4, tuning="net"))
    assert len(answer.image_ids) == len(painted)


def test_where_the_network_is_gone_it_is_the_encoder_s_layout(
    workspace: Workspace, tuned: Workspace
) -> None:
    (answer,) = run(workspace, LayOut(2, tuning="another"))
    assert answer.tuning == ""
    assert tuned.layout is None


def test_a_network_that_goes_meanwhile_ends_the_layout(
    workspace: Workspace, tuned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout_job, "STRETCH_S", 0.0)
    events: list[Event | None] = []
    for event in lay_out(workspace, LayOut(2, tuning="net")):
        events.append(event)
        if isinstance(event, Progress):  # Another fine-tuning takes its place.
            workspace.tunings.clear()
            workspace.drop_tuned([])
    assert not any(isinstance(event, LaidOut) for event in events)
    assert sum(isinstance(event, Progress) for event in events) == 1


def test_positions_are_turned_and_mirrored_towards_others() -> None:
    others = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    quarter = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    turned = turned_towards(2 * others @ quarter, others)
    assert np.allclose(turned, 2 * others, atol=1e-5)
