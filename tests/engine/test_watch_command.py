"""``handful classify --watch``: what comes is classified, once, whatever happens in between."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.cli import main
from tests.engine.painted import KINDS, kind_of, paint, paint_folder


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


@dataclass
class Person:
    """Does things one after another while the command runs, each when its moment has come."""

    deeds: list[tuple[Callable[[], bool], Callable[[], object]]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def when(self, moment: Callable[[], bool], deed: Callable[[], object]) -> None:
        self.deeds.append((moment, deed))

    def run(self) -> None:
        for moment, deed in self.deeds:
            while not moment():
                if self.ended.wait(0.02):
                    return
            deed()


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def person() -> Iterator[Person]:
    someone = Person()
    yield someone
    someone.ended.set()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    paint_folder(folder, 1)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def watch(
    capfd: pytest.CaptureFixture[str], person: Person, *arguments: str | Path, status: int = 130
) -> tuple[str, str]:
    thread = threading.Thread(target=person.run)
    thread.start()
    try:
        found = main([*map(str, ("classify", *arguments, "--watch", "--device", "cpu"))])
    finally:
        person.ended.set()
        thread.join()
    person.deeds.clear()
    person.ended.clear()
    printed = capfd.readouterr()
    assert found == status, printed.err
    assert "Traceback" not in printed.err
    return printed.out, printed.err


def rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(path: Path) -> list[str]:
    return [row["file_name"] for row in rows(path)]


def save(kind: str, path: Path, seed: int = 77) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    paint(kind, seed=seed).save(path)


def test_what_is_there_and_what_comes_is_classified_once(
    capfd: pytest.CaptureFixture[str], person: Person, images: Path, model: Path, out: Path
) -> None:
    person.when(lambda: len(names(out)) == 3, lambda: save("dots", images / "new" / "dots_new.png"))
    person.when(lambda: len(names(out)) == 4, press_ctrl_c)
    printed, told = watch(capfd, person, images, "--model", model, "--out", out, "--json")
    assert names(out)[3] == "new/dots_new.png"
    for row in rows(out):
        assert row["label"] == kind_of(Path(row["file_name"]))
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line.get("file_name") for line in lines] == [*names(out), None]
    assert lines[0]["probabilities"].keys() == set(KINDS)
    assert lines[-1]["summary"]["n_images"] == lines[-1]["summary"]["n_rows"] == 4
    assert f"Watching {images}; Ctrl-C ends it." in told
    assert "new/dots_new.png: dots (" in told
    assert f"Watching has ended: 4 images classified, 4 rows in {out}." in told

    # Once more: a row torn by a crash, one image deleted, one changed, one new.
    whole = out.read_bytes()
    out.write_bytes(whole[:-30])
    (images / "checks_00.jpg").unlink()
    save("stripes", images / "dots_00.jpg", seed=5)
    save("checks", images / "checks_late.png")
    person.when(lambda: len(names(out)) == 6, press_ctrl_c)
    _, told = watch(capfd, person, images, "--model", model, "--out", out)
    assert "The last row of" in told
    assert "3 rows are in" in told
    assert sorted(names(out)[3:]) == ["checks_late.png", "dots_00.jpg", "new/dots_new.png"]
    assert rows(out)[-1]["file_name"] == "new/dots_new.png"
    assert rows(out)[-2]["label"] == "stripes"
    assert out.read_bytes().count(b"file_name,") == 1


def test_broken_images_are_listed_until_they_are_mended(
    capfd: pytest.CaptureFixture[str],
    person: Person,
    images: Path,
    model: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.watching.folder._MOST_TRIES", 0)
    errors = out.with_name("table.errors.csv")
    whole = (images / "dots_00.jpg").read_bytes()
    (images / "half.jpg").write_bytes(whole[: len(whole) // 2])
    person.when(lambda: names(errors) == ["half.jpg"], lambda: None)
    person.when(
        lambda: len(names(out)) == 3, lambda: (images / "half.jpg").write_bytes(whole + b" ")
    )
    person.when(lambda: "half.jpg" in names(out) and not errors.exists(), press_ctrl_c)
    _, told = watch(capfd, person, images, "--model", model, "--out", out)
    assert "1 could not be read." in told
    assert rows(out)[-1]["label"] == "dots"


def test_a_broken_image_that_was_to_be_tried_again_is_counted_at_the_end(
    capfd: pytest.CaptureFixture[str],
    person: Person,
    images: Path,
    model: Path,
    out: Path,
) -> None:
    errors = out.with_name("table.errors.csv")
    (images / "broken.jpg").write_bytes(b"no image")
    person.when(lambda: len(names(out)) == 3, press_ctrl_c)
    printed, told = watch(capfd, person, images, "--model", model, "--out", out, "--json")
    assert "broken.jpg could not be read: " in told
    assert "1 could not be read." in told
    assert names(errors) == ["broken.jpg"]
    lines = [json.loads(line) for line in printed.splitlines()]
    assert lines[-1]["summary"]["n_unreadable"] == 1
    assert lines[-2]["file_name"] == "broken.jpg"


def test_a_folder_that_is_unplugged_is_told_once_and_gone_on_with(
    capfd: pytest.CaptureFixture[str], person: Person, images: Path, model: Path, out: Path
) -> None:
    away = images.with_name("away")
    told: list[str] = []

    def has_told(text: str) -> Callable[[], bool]:
        def moment() -> bool:
            told.append(capfd.readouterr().err)
            return text in "".join(told)

        return moment

    person.when(lambda: len(names(out)) == 3, lambda: images.rename(away))
    person.when(has_told("is not there; watching goes on"), lambda: away.rename(images))
    person.when(has_told("is back."), lambda: save("dots", images / "dots_new.png"))
    person.when(lambda: len(names(out)) == 4, press_ctrl_c)
    watch(capfd, person, images, "--model", model, "--out", out)
    assert "".join(told).count("is not there") == 1
    assert names(out)[3] == "dots_new.png"


@pytest.mark.parametrize("effort", ["instant", "thorough"])
def test_examples_do_as_well_and_answer_alike_whatever_came_before(
    capfd: pytest.CaptureFixture[str],
    person: Person,
    images: Path,
    support: Path,
    out: Path,
    effort: str,
) -> None:
    once, given = out.with_name("once.csv"), ("--support", support, "--effort", effort)
    person.when(lambda: len(names(out)) == 3, lambda: save("dots", images / "dots_new.png"))
    person.when(lambda: len(names(out)) == 4, press_ctrl_c)
    (images / "broken.jpg").write_bytes(b"no image")
    assert main([*map(str, ("classify", images, *given, "--out", once, "--device", "cpu"))]) == 0
    watch(capfd, person, images, *given, "--out", out)
    by_watching = {row["file_name"]: row for row in rows(out)}
    for row in rows(once):
        found = by_watching[row["file_name"]]
        assert {key: found[key] for key in row} == row
    assert by_watching["dots_new.png"]["label"] == "dots"


def test_labelled_images_keep_their_labels_and_an_empty_folder_may_be_watched(
    capfd: pytest.CaptureFixture[str], person: Person, images: Path, support: Path, out: Path
) -> None:
    table = out.with_name("labels.csv")
    lines = [f"{kind}_00.jpg,{kind}" for kind in KINDS]
    table.write_text("\n".join(["file_name,label", *lines]), encoding="utf-8")
    person.when(lambda: len(names(out)) == 3, press_ctrl_c)
    watch(capfd, person, images, "--labels", table, "--out", out, "--effort", "instant")
    assert {row["label_source"] for row in rows(out)} == {"human"}
    empty, other = out.with_name("empty"), out.with_name("other.jsonl")
    empty.mkdir()
    person.when(lambda: True, lambda: save("dots", empty / "dots.png"))
    person.when(other.exists, press_ctrl_c)
    watch(capfd, person, empty, "--support", support, "--out", other, "--effort", "instant")
    assert json.loads(other.read_text(encoding="utf-8"))["label"] == "dots"


@pytest.mark.parametrize("how", ["copy", "move"])
def test_images_are_sorted_as_they_come_and_not_taken_for_new_ones(
    capfd: pytest.CaptureFixture[str],
    person: Person,
    images: Path,
    model: Path,
    out: Path,
    how: str,
) -> None:
    # Copies in the folder of the images would be images of it, which sorting refuses.
    target = (images if how == "move" else out.parent) / "sorted"
    given = ("--model", model, "--out", out, "--sort-into", target, "--how", how)
    (images / "half.jpg").write_bytes(b"no image")
    person.when(lambda: len(names(out)) == 3, lambda: save("dots", images / "dots_new.png"))
    person.when((target / "dots" / "dots_new.png").exists, press_ctrl_c)
    watch(capfd, person, images, *given)
    person.when(lambda: True, lambda: save("checks", images / "sub" / "checks_new.png"))
    person.when((target / "checks" / "sub" / "checks_new.png").exists, press_ctrl_c)
    watch(capfd, person, images, *given)
    assert len(names(out)) == 5
    assert len(list(target.rglob("*.jpg"))) == 3
    assert (images / "dots_new.png").exists() == (how == "copy")
    assert not [name for name in names(out) if name.startswith("sorted/")]


def test_moving_is_made_up_for_where_a_run_ended_before_it(
    capfd: pytest.CaptureFixture[str], person: Person, images: Path, model: Path, out: Path
) -> None:
    person.when(lambda: len(names(out)) == 3, press_ctrl_c)
    watch(capfd, person, images, "--model", model, "--out", out)
    target = out.with_name("sorted")
    person.when(lambda: len(list(target.rglob("*.jpg"))) == 3, press_ctrl_c)
    given = ("--sort-into", target, "--how", "move")
    watch(capfd, person, images, "--model", model, "--out", out, *given)
    assert len(names(out)) == 3
    assert not list(images.glob("*.jpg"))


def test_wrong_use_is_told_at_once(
    capfd: pytest.CaptureFixture[str], person: Person, images: Path, model: Path, out: Path
) -> None:
    of = ("--model", model)
    for arguments, status, sentence in (
        ((images, *of, "--sort-into", out.parent / "d"), 2, "--watch needs --out"),
        ((images, *of, "--out", out, "--sort-into", out.parent, "--dry-run"), 2, "--dry-run says"),
        ((images / "none", *of, "--out", out), 1, "There is no folder"),
        ((images / "dots_00.jpg", *of, "--out", out), 1, "There is no folder"),
        ((images, *of, "--out", out.with_suffix(".parquet")), 1, "cannot grow"),
        ((images, *of, "--out", out, "--export", out.with_suffix(".onnx")), 2, "--export does not"),
    ):
        _, told = watch(capfd, person, *arguments, status=status)
        assert sentence in told
    shutil.copy(model, out)
    _, told = watch(capfd, person, images, *of, "--out", out, status=1)
    assert "is not a table of a watched folder" in told


def test_the_examples_of_a_bundle_are_gone_on_from(
    capfd: pytest.CaptureFixture[str],
    person: Person,
    images: Path,
    support: Path,
    out: Path,
    tmp_path: Path,
) -> None:
    bundle = tmp_path / "bundle"
    arguments = ["export", "--support", support, "--bundle", bundle, "--effort", "instant"]
    assert main([*map(str, arguments), "--device", "cpu"]) == 0
    person.when(lambda: len(names(out)) == 3, press_ctrl_c)
    watch(capfd, person, images, "--from-bundle", bundle, "--out", out, "--effort", "instant")
    for row in rows(out):
        assert row["label"] == kind_of(Path(row["file_name"]))
