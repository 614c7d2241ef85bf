"""Parts of a run: what is written where, what resumes, and what a worker does of itself."""

from __future__ import annotations

import io
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image

from engine.cli import main
from engine.cluster import job, ray_pool
from engine.cluster.careful import Expendable
from engine.cluster.listing import Listing, list_images, rows_per_part
from engine.cluster.node import PartWorker
from engine.cluster.parts import Counts, collected, counts_of, images_in, is_part
from engine.cluster.ray_pool import Cluster
from engine.cluster.run_folder import (
    Run,
    begin,
    forget,
    note_attempt,
    parts_in,
    question_in,
    question_of,
)
from engine.cluster.storage import NotFetchedError, Storage
from engine.errors import EngineError, ExportError, UnreadableImageError
from engine.interchange.records import Record
from engine.jobs.exported_model import results_by_model
from engine.jobs.predictions import save_table
from engine.messages import EngineNews, Progress
from tests.engine.halves import half_of
from tests.engine.painted import KINDS, paint, paint_folder, refs


@pytest.fixture(scope="module")
def support(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    for kind in KINDS:
        (folder / kind).mkdir()
        for seed in (501, 502):
            paint(kind, seed=seed).save(folder / kind / f"{kind}_{seed}.png")
    return folder


@pytest.fixture(scope="module")
def model(support: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    arguments = ["export", "--support", support, "--out", path, "--effort", "instant"]
    assert main([*map(str, arguments), "--device", "cpu"]) == 0
    return path


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine pictures in folders, and what is none."""
    folder = tmp_path_factory.mktemp("images")
    paths = paint_folder(folder / "a b", 3)
    (folder / "c").mkdir()
    (folder / "c" / "empty.jpg").touch()
    (folder / "c" / "cut.jpg").write_bytes(paths[0].read_bytes()[:700])
    (folder / "c" / "text.png").write_text("no image")
    Image.new("1", (20_000, 20_000)).save(folder / "c" / "bomb.png")
    (folder / "c" / ".hidden.jpg").write_bytes(paths[0].read_bytes())
    (folder / "c" / "notes.txt").write_text("no image")
    return folder


@pytest.fixture
def memory() -> Iterator[str]:
    """The address of a folder in memory, which is of this process alone."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield "memory://bucket"
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def listed(images: Storage) -> Listing:
    steps = list_images(images, 0)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            listing: Listing = end.value
            return listing


def begun(out: Storage, listing: Listing, model: Path, labels: dict[str, str] | None = None) -> Run:
    run = Run("question", listing.folder.address, labels or {}, "cpu")
    begin(out, run, model.read_bytes())
    return run


def rows_of(out: Storage) -> list[dict[str, Any]]:
    tables = [pyarrow.parquet.read_table(io.BytesIO(out.read(name))) for name in parts_in(out)]
    rows = pyarrow.concat_tables(tables).to_pylist()
    return sorted(rows, key=lambda row: row["file_name"])


def expected_rows(images: Path, model: Path, tmp_path: Path) -> tuple[list[dict[str, Any]], str]:
    """What one machine writes: its table, and its list of unreadable images."""
    names = listed(Storage(str(images))).names.to_pylist()
    paths = [images / name for name in names]
    out = tmp_path / "expected.parquet"
    for _ in save_table(results_by_model(model, refs(paths, images), images), out, 0):
        pass
    errors = out.with_suffix(".errors.csv")
    table = pyarrow.parquet.read_table(out)
    return table.to_pylist(), errors.read_text() if errors.exists() else ""


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert len(found) == len(expected)
    for row, other in zip(found, expected, strict=True):
        for key, value in other.items():
            if isinstance(value, float):
                assert row[key] == pytest.approx(value, abs=1e-4)
            else:
                assert row[key] == value, key


class WithoutRay:
    """A cluster whose only worker is this process: what Ray would hand out, one part at a time."""

    def __init__(self, parts_before_kill: int | None = None) -> None:
        self.seen: list[list[str]] = []
        self._left = parts_before_kill

    def classify(self, listing: Listing, n_rows: int, out: Storage) -> Iterator[tuple[Counts, str]]:
        worker = PartWorker(out.address, 2)
        for table in listing.blocks(n_rows):
            if self._left == 0:
                raise KeyboardInterrupt
            self._left = None if self._left is None else self._left - 1
            self.seen.append(table.to_pylist()[0]["names"])
            (row,) = worker(table).to_pylist()
            failure = row.pop("failure")
            yield Counts(**row), failure

    n_workers = 2

    def __enter__(self) -> WithoutRay:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def classified(
    listing: Listing, out: Storage, cluster: WithoutRay, monkeypatch: pytest.MonkeyPatch
) -> job.Done:
    monkeypatch.setattr(job, "opened_cluster", lambda *given: cluster)
    monkeypatch.setattr(job, "rows_per_part", lambda *given: 4)
    steps = job.classify_missing(listing, out, "local", "cpu", 0)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            done: job.Done = end.value
            return done


def test_all_kinds_of_storage_list_and_read_the_same(images: Path, tmp_path: Path, memory: str):
    archive = tmp_path / "images.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(images.rglob("*")):
            file.write(path, f"inner/{path.relative_to(images).as_posix()}")
    fsspec.filesystem("memory").put(f"{images}/", "/bucket/", recursive=True)
    plain = listed(Storage(str(images)))
    assert plain.names.to_pylist() == [
        *("a b/" + path.name for path in sorted((images / "a b").iterdir())),
        *(f"c/{name}" for name in ("bomb.png", "cut.jpg", "empty.jpg", "text.png")),
    ]
    for address in (f"file://{images}", f"zip://inner::{archive}", memory):
        other = listed(Storage(address))
        assert other.names == plain.names
        assert other.sizes == plain.sizes
        for name, size in zip(other.names.to_pylist(), other.sizes.to_pylist(), strict=True):
            if name == "c/empty.jpg":
                with pytest.raises(UnreadableImageError, match="the file is empty"):
                    other.folder.read_image(name, size)
            else:
                assert other.folder.read_image(name, size) == (images / name).read_bytes()
        with pytest.raises(UnreadableImageError, match="not there any more"):
            other.folder.read_image("c/gone.jpg")


def test_a_list_of_images_is_read_as_on_one_machine(images: Path, memory: str) -> None:
    text = "\ufeffa b/dots_01.jpg\n\n  c/cut.jpg\r\na b/dots_01.jpg\na b//dots_00.jpg\n"
    (images / "list.txt").write_text(text, encoding="utf-8")
    found = listed(Storage(str(images / "list.txt")))
    assert found.names.to_pylist() == ["a b/dots_00.jpg", "a b/dots_01.jpg", "c/cut.jpg"]
    assert found.folder.folder == images
    fsspec.filesystem("memory").pipe("/bucket/list.txt", text.encode())
    found = listed(Storage(f"{memory}/list.txt"))
    assert found.names.to_pylist() == ["a b//dots_00.jpg", "a b/dots_01.jpg", "c/cut.jpg"]
    assert found.folder.address == memory


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nowhere", "There is no folder or file"),
        ("nonsense://x", "Could not open nonsense://x"),
        ("zip://::/nowhere.zip", "Could not open zip://"),
        ("memory://empty", "There is no folder or file memory://empty"),
    ],
)
def test_what_cannot_be_listed_is_told(
    address: str, told: str, tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError, match=told):
        listed(Storage(address))


def test_a_million_names_are_parted_evenly_and_few() -> None:
    for n_images, n_workers in ((1, 1), (300, 2), (10**5, 2), (10**6, 64), (10**8, 1000)):
        n_rows = rows_per_part(n_images, n_workers)
        assert n_rows >= 16
        assert -(-n_images // n_rows) <= 8192
    assert rows_per_part(10**6, 2) == 4096  # A kill loses half a minute, not a quarter of an hour.


@pytest.mark.parametrize("kind", ["path", "memory"])
def test_a_worker_writes_what_one_machine_writes(
    kind: str, images: Path, model: Path, tmp_path: Path, memory: str
) -> None:
    out = Storage(str(tmp_path / "out") if kind == "path" else f"{memory}/out")
    listing = listed(Storage(str(images)))
    begun(out, listing, model, {"a b/dots_00.jpg": "stripes", "c/cut.jpg": "dots"})
    worker = PartWorker(out.address, 2)
    counts = Counts()
    for block in listing.blocks(5):
        (row,) = worker(block).to_pylist()
        assert row.pop("failure") == ""
        counts += Counts(**row)
    expected, errors = expected_rows(images, model, tmp_path)
    rows = rows_of(out)
    readable = [row for row in rows if row["reason"] is None]
    assert [row["file_name"] for row in rows] == listing.names.to_pylist()
    assert list(rows[0])[11] == "reason"
    labelled = next(row for row in readable if row["file_name"] == "a b/dots_00.jpg")
    assert (labelled["label"], labelled["confidence"]) == ("stripes", 1.0)
    assert (labelled["label_source"], labelled["machine_label"]) == ("human", "dots")
    readable.remove(labelled)
    expected = [row for row in expected if row["file_name"] != "a b/dots_00.jpg"]
    assert_same(readable, expected)
    failed = {row["file_name"]: row["reason"] for row in rows if row["reason"]}
    told = {line.split(",", 1)[0]: line.split(",", 1)[1] for line in errors.splitlines()[1:]}
    assert failed.keys() == told.keys() == {f"c/{x}" for x in listing_of_failures()}
    assert all(told[name].strip('"') == reason for name, reason in failed.items())
    assert counts == Counts(13, 4, counts.n_like_none)
    assert sum(counts_of(out, parts_in(out)).values(), Counts()) == counts
    assert sorted(images_in(out, parts_in(out)).to_pylist()) == listing.names.to_pylist()


def listing_of_failures() -> tuple[str, ...]:
    return ("bomb.png", "cut.jpg", "empty.jpg", "text.png")


def test_a_run_goes_on_where_it_was_and_is_collected(
    images: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "images"
    shutil.copytree(images, own)
    out = Storage(str(tmp_path / "out"))
    listing = listed(Storage(str(own)))
    begun(out, listing, model)
    with pytest.raises(KeyboardInterrupt):
        classified(listing, out, WithoutRay(parts_before_kill=2), monkeypatch)
    assert len(parts_in(out)) == 2
    # A part that is damaged counts for nothing; files in between make all later parts others.
    damaged = tmp_path / "out" / parts_in(out)[0]
    n_kept = counts_of(out, parts_in(out)[1:])[parts_in(out)[1]].n_rows
    damaged.write_bytes(damaged.read_bytes()[:-50])
    paint("dots", seed=77).save(own / "a b" / "a new one.jpg")
    (own / "c" / "text.png").unlink()
    listing = listed(Storage(str(own)))
    cluster = WithoutRay()
    done = classified(listing, out, cluster, monkeypatch)
    seen = [name for names in cluster.seen for name in names]
    assert len(seen) == len(set(seen)) == len(listing) - n_kept
    assert "a b/a new one.jpg" in seen
    assert (done.n_done_before, done.counts.n_rows) == (n_kept, len(listing))
    again = WithoutRay()
    assert classified(listing, out, again, monkeypatch).n_workers == 0
    assert not again.seen
    results = collected(out, [x for x in parts_in(out) if x != damaged.name], listing.names)
    for _ in save_table(results, tmp_path / "all.parquet", 0):
        pass
    expected, errors = expected_rows(own, model, tmp_path)
    assert_same(pyarrow.parquet.read_table(tmp_path / "all.parquet").to_pylist(), expected)
    assert (tmp_path / "all.errors.csv").read_text() == errors


def test_an_image_that_ended_a_process_is_a_row(
    images: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part was begun before: a worker died of it."""
    out = Storage(str(tmp_path / "out"))
    listing = listed(Storage(str(images)))
    begun(out, listing, model)
    worker = PartWorker(out.address, 1)
    names, sizes = listing.names.to_pylist(), listing.sizes.to_pylist()
    whole = worker.classify(names, sizes)
    before = rows_of(out)
    (part,) = parts_in(out)
    out.remove(part)
    assert not note_attempt(out, part)
    monkeypatch.setattr("engine.cluster.node._classify_in_child", die_of_the_second)
    counts = worker.classify(names, sizes)
    after = rows_of(out)
    assert counts.n_unreadable == whole.n_unreadable + 1
    assert after[1]["reason"] == "looking at it ended the process that did so"
    assert_same([after[0], *after[2:]], [before[0], *before[2:]])
    assert not out.names("_handful/attempts")


def die_of_the_second(given: Any) -> Record:
    from engine.cluster.node import _classify_in_child

    if given[0].image_id == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return _classify_in_child(given)


def test_only_what_dies_is_lost() -> None:
    with Expendable(half_of, int) as half:
        assert half(4) == 2
        with pytest.raises(UnreadableImageError, match="ended the process"):
            half(0)
        assert half(6) == 3
        with pytest.raises(ValueError, match="odd"):
            half(3)


def test_what_hangs_is_ended_and_the_next_is_answered() -> None:
    with Expendable(half_of, int, time_limit_s=1.0) as half:
        assert half(4) == 2
        with pytest.raises(UnreadableImageError, match="looking at it took longer than 1 s"):
            half(-1)
        assert half(6) == 3


class FailingStore(MemoryFileSystem):  # type: ignore[misc]
    """A store that fails so many times before it answers."""

    failures = 0
    asked = 0

    def cat_file(self, path: str, *args: Any, **more: Any) -> bytes:
        FailingStore.asked += 1
        if FailingStore.failures and path.endswith(".jpg"):
            FailingStore.failures -= 1
            raise TimeoutError("the store does not answer")
        content: bytes = super().cat_file(path, *args, **more)
        return content


def test_a_store_that_fails_is_asked_again_and_never_taken_for_broken_images(
    images: Path, model: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cluster.storage._PAUSES_S", (0.0, 0.0))
    fsspec.filesystem("memory").put(f"{images / 'a b'}/", "/bucket/in/", recursive=True)
    out = Storage(f"{memory}/out")
    listing = listed(Storage(f"{memory}/in"))
    begun(out, listing, model)
    worker = PartWorker(out.address, 1)
    worker._images._files = FailingStore()
    names, sizes = listing.names.to_pylist(), listing.sizes.to_pylist()
    FailingStore.failures = 2
    assert worker.classify(names, sizes).n_unreadable == 0
    forget(out)
    begun(out, listing, model)
    FailingStore.failures = 10**9
    with pytest.raises(NotFetchedError, match="does not answer"):
        worker._images.read_image(names[0], sizes[0])
    row = worker(pyarrow.Table.from_pydict({"names": [names], "sizes": [sizes]})).to_pylist()[0]
    assert row["failure"] == "Could not read memory://bucket/in: the store does not answer."
    assert not parts_in(out)


def test_parts_that_cannot_be_written_end_the_run_with_a_sentence(
    images: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Storage(str(tmp_path / "out"))
    listing = listed(Storage(str(images)))
    begun(out, listing, model)
    real = Storage.write

    def full(self: Storage, name: str, content: bytes) -> None:
        if is_part(name) and parts_in(self):
            raise ExportError("Could not write x: the disk is full.")
        real(self, name, content)

    monkeypatch.setattr(Storage, "write", full)
    with pytest.raises(EngineError, match=r"disk is full\. 4 of 13 images are done; the same"):
        classified(listing, out, WithoutRay(), monkeypatch)
    monkeypatch.setattr(Storage, "write", real)
    assert classified(listing, out, WithoutRay(), monkeypatch).counts.n_rows == 13


@pytest.mark.parametrize("kind", ["path", "memory"])
def test_a_folder_of_parts_is_one_run_s(
    kind: str, images: Path, model: Path, tmp_path: Path, memory: str
) -> None:
    out = Storage(str(tmp_path / "out") if kind == "path" else f"{memory}/out")
    assert question_in(out) is None
    begun(out, listed(Storage(str(images))), model)
    assert question_in(out) == "question"
    forget(out)
    assert question_in(out) is None
    assert not out.is_folder()
    out.write("notes.txt", b"mine")
    with pytest.raises(ExportError, match="something else in it"):
        question_in(out)
    asked = {question_of(place, what) for place in ("a", "b") for what in (b"1", b"2")}
    assert len(asked) == 4


def test_what_is_written_is_there_whole_or_not_at_all(
    tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (str(tmp_path / "out"), f"{memory}/out"):
        out = Storage(address)
        out.write("x", b"old")

        def break_off(*given: Any, **more: Any) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", break_off)
            patch.setattr(MemoryFileSystem, "mv", break_off)
            with pytest.raises(ExportError, match="Could not write"):
                out.write("x", b"new")
        assert out.read("x") == b"old"
        assert out.names() == ["x"]


def test_labels_of_a_person_are_in_the_parts(
    images: Path, support: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command, with a worker of this process: labels, the model, the sentence."""
    monkeypatch.setattr(job, "opened_cluster", lambda *given: WithoutRay())
    monkeypatch.setattr(ray_pool, "find_spec", lambda name: True)
    table = tmp_path / "labels.csv"
    lines = [f"a b/{kind}_0{n}.jpg,{kind}" for kind in KINDS for n in (0, 1)]
    table.write_text("\n".join(["file_name,label", *lines]))
    given = ["--labels", table, "--effort", "instant", "--device", "cpu", "--out"]
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    assert main(["classify", str(images), *map(str, given), str(whole)]) == 0
    there = [*map(str, given), str(parts), "--cluster", "local"]
    assert main(["classify", str(images), *there]) == 0
    one, other = (path.read_text().splitlines() for path in (whole, parts))
    assert one[0] == other[0]
    for line, told in zip(one[1:], other[1:], strict=True):
        for cell, said in zip(line.split(","), told.split(","), strict=True):
            is_number = "." in cell and cell.replace(".", "").isdecimal()
            assert (
                float(said) == pytest.approx(float(cell), abs=1e-4) if is_number else said == cell
            )
    assert sum(",human," in line for line in other) == 6
    errors = [path.with_suffix(".errors.csv").read_text() for path in (whole, parts)]
    assert errors[0] == errors[1]
    assert not (tmp_path / "parts.csv.parts").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--out", "x", "--export", "m.onnx"], "--export does not go with --cluster"),
        (["--out", "x", "--watch"], "--watch does not go with --cluster"),
        ([], "--cluster needs --out"),
        (["--out", "x", "--table-format", "csv"], "--table-format goes with"),
        (["--out", "s3://b/x.csv"], "can be the address of a folder"),
        (["--out", "x"], "--cluster needs Ray, which is not installed: pip install"),
    ],
)
def test_what_does_not_go_is_told_at_once(
    more: list[str],
    told: str,
    images: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray_pool, "find_spec", lambda name: None)
    given = ["classify", str(images), "--model", str(model), "--cluster", "local", *more]
    assert main(given) in (1, 2)
    assert told in " ".join(capsys.readouterr().err.split())


@pytest.mark.loopback
def test_a_cluster_that_does_not_answer_is_told_before_anything_is_learnt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_pool, "find_spec", lambda name: True)
    with pytest.raises(EngineError, match=r"no Ray cluster at 127\.0\.0\.1:1: connection refused"):
        ray_pool.check_cluster("127.0.0.1:1")
    with pytest.raises(EngineError, match=r"no Ray cluster at ray://127\.0\.0\.1:1: "):
        ray_pool.check_cluster("ray://127.0.0.1:1")
    ray_pool.check_cluster("local")
    ray_pool.check_cluster("auto")


@pytest.mark.parametrize("n_before", [0, 400])
def test_no_time_is_told_before_there_is_a_sound_rate(
    n_before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that take ten seconds to start, then all give a part of 20 images each second."""

    class Slow:
        n_workers, now = 4, 100.0

        def perf_counter(self) -> float:
            return self.now

        def __enter__(self) -> Slow:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def classify(self, *given: object) -> Iterator[tuple[Counts, str]]:
            self.now += 10
            for _ in range(20):
                self.now += 1
                for _ in range(self.n_workers):
                    yield Counts(20, 0, 0), ""
                    self.now += 0.2 / self.n_workers
                self.now -= 0.2

    slow = Slow()
    monkeypatch.setattr("engine.jobs.progress.time", slow)
    monkeypatch.setattr(job, "opened_cluster", lambda *given: slow)
    monkeypatch.setattr(job, "rows_per_part", lambda *given: 20)
    names = pyarrow.array([f"{number:04d}.jpg" for number in range(n_before + 1600)])
    sizes = pyarrow.array([1] * len(names))
    done = {"before": Counts(n_before, 0, 0)} if n_before else {}
    monkeypatch.setattr(job, "counts_of", lambda *given: done)
    monkeypatch.setattr(job, "images_in", lambda *given: names.slice(0, n_before))
    listing = Listing(Storage(str(tmp_path)), names.cast(pyarrow.large_string()), sizes)
    told = list(job.classify_missing(listing, Storage(str(tmp_path)), "local", "cpu", 0))
    news = [event for event in told if isinstance(event, EngineNews)]
    assert [event.text for event in news] == [
        "Starting Ray on this computer, which takes some seconds."
    ]
    counted = [event for event in told if isinstance(event, Progress) and event.total]
    assert counted[0].done > n_before
    assert counted[0].rate_per_s == 0
    rated = [event for event in counted if event.rate_per_s]
    assert len(rated) > 30
    assert counted[-1].done == len(names)
    for event in rated:
        assert event.rate_per_s == pytest.approx(80, rel=0.35)
        assert event.seconds_left == pytest.approx((event.total - event.done) / event.rate_per_s)


def test_what_is_joined_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert ray_pool.beginning("10.0.0.1:6379").startswith("Joining the Ray cluster at 10.0.0.1:63")
    assert ray_pool.beginning("auto").startswith("Joining the Ray cluster of this computer")
    monkeypatch.setenv("RAY_ADDRESS", "ray://there:10001")
    assert ray_pool.beginning("auto").startswith("Joining the Ray cluster at ray://there:10001")


def test_workers_are_as_many_as_gpus_or_else_cores() -> None:
    class Nodes:
        def __init__(self, *resources: dict[str, float]) -> None:
            self._resources = resources

        def nodes(self) -> list[dict[str, Any]]:
            return [{"Alive": True, "Resources": item} for item in self._resources]

    mixed = Nodes({"CPU": 16.0, "GPU": 2.0}, {"CPU": 32.0, "GPU": 1.0}, {"CPU": 4.0})
    assert ray_pool._workers_of(mixed, "auto", "auto") == Cluster("auto", 3, 8, 1)
    assert ray_pool._workers_of(mixed, "auto", "cpu") == Cluster("auto", 52, 1, 0)
    with pytest.raises(EngineError, match="no free cores"):
        ray_pool._workers_of(Nodes({"GPU": 1.0}), "auto", "auto")
