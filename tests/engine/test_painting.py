"""The demo's pictures: the same every time, varied, and mute about their class."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import EngineError
from engine.painting import CLASS_NAMES, PaintedImage, paint_folder, paint_picture


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[PaintedImage]]:
    """A folder of 66 pictures: one full tray and the beginning of a second."""
    folder = tmp_path_factory.mktemp("painted") / "new" / "samples"
    return folder, list(paint_folder(folder, n_images=66, seed=3))


def test_every_file_opens_as_a_photograph_of_the_promised_size(
    painted: tuple[Path, list[PaintedImage]],
) -> None:
    folder, images = painted
    formats: Counter[str | None] = Counter()
    upright = 0
    for image in images:
        with Image.open(folder / image.name) as picture:
            picture.load()
            formats[picture.format] += 1
            assert picture.mode == "RGB"
            short, long = sorted(picture.size)
            assert 360 <= short <= 600
            assert 480 <= long <= 800
            upright += picture.height > picture.width
            # Neither black, nor burnt out, nor flat.
            levels = np.asarray(picture.convert("L"))
            assert 12 < levels.mean() < 248
            assert levels.std() > 4
    assert set(formats) == {"JPEG", "PNG"}
    assert formats["PNG"] < formats["JPEG"] / 10
    assert 0 < upright < len(images)


def test_the_folder_holds_the_files_told_and_nothing_else(
    painted: tuple[Path, list[PaintedImage]],
) -> None:
    folder, images = painted
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {image.name for image in images}
    assert len(found) == 66
    assert {name.split("/")[0] for name in found} == {"tray_01", "tray_02"}


def test_names_tell_nothing_of_the_class_and_the_order_is_mixed(
    painted: tuple[Path, list[PaintedImage]],
) -> None:
    _, images = painted
    for image in images:
        assert re.fullmatch(r"tray_\d\d/IMG_\d{4}\.(jpg|png)", image.name)
    # 66 pictures in blocks by class would change it 6 times; by chance it changes about 54 times.
    order = [image.class_name for image in images]
    assert sum(a != b for a, b in pairwise(order)) > 35


def test_a_full_tray_is_unbalanced_as_planned(
    painted: tuple[Path, list[PaintedImage]],
) -> None:
    _, images = painted
    counts = Counter(image.class_name for image in images if image.name.startswith("tray_01"))
    assert set(counts) == set(CLASS_NAMES)
    assert sorted(counts.values()) == [7, 8, 9, 10, 12, 14]


def test_a_second_run_tells_the_same_and_leaves_the_files_alone(
    painted: tuple[Path, list[PaintedImage]],
) -> None:
    folder, images = painted
    before = {image.name: (folder / image.name).stat().st_mtime_ns for image in images}
    assert list(paint_folder(folder, n_images=66, seed=3)) == images
    assert {name: (folder / name).stat().st_mtime_ns for name in before} == before


def test_a_run_broken_off_is_taken_up_again_with_the_same_bytes(
    painted: tuple[Path, list[PaintedImage]], tmp_path: Path
) -> None:
    folder, images = painted
    job = paint_folder(tmp_path, n_images=66, seed=3)
    started = [next(job) for _ in range(3)]
    job.close()
    resumed = list(paint_folder(tmp_path, n_images=8, seed=3))
    assert resumed[:3] == started
    assert resumed == images[:8]
    for image in resumed:
        assert (tmp_path / image.name).read_bytes() == (folder / image.name).read_bytes()


def test_another_seed_paints_other_pictures(
    painted: tuple[Path, list[PaintedImage]], tmp_path: Path
) -> None:
    folder, _ = painted
    other = next(paint_folder(tmp_path, n_images=1, seed=4))
    assert (tmp_path / other.name).read_bytes() != (folder / other.name).read_bytes()


@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_a_picture_depends_on_its_generator_alone(class_name: str) -> None:
    first = paint_picture(class_name, np.random.default_rng(11))
    again = paint_picture(class_name, np.random.default_rng(11))
    assert first.tobytes() == again.tobytes()
    assert first.mode == "RGB"


def test_the_size_is_drawn_without_looking_at_the_class() -> None:
    # From one generator state all classes get the same canvas, so its corners look alike.
    pictures = [paint_picture(name, np.random.default_rng(23)) for name in CLASS_NAMES]
    assert len({picture.size for picture in pictures}) == 1


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(ValueError, match="'teapot'"):
        paint_picture("teapot", np.random.default_rng(0))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a folder")
    with pytest.raises(EngineError) as caught:
        next(paint_folder(file / "samples", n_images=2))
    sentence = str(caught.value)
    assert sentence.startswith(f"Could not write {file / 'samples'}")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_no_half_written_file_stays_behind(tmp_path: Path) -> None:
    # A folder in the place of the first picture: the renaming fails.
    (tmp_path / "tray_01" / "IMG_0001.jpg").mkdir(parents=True)
    with pytest.raises(EngineError, match=r"^Could not write .*IMG_0001\.jpg"):
        next(paint_folder(tmp_path, n_images=1))
    assert [path.name for path in (tmp_path / "tray_01").iterdir()] == ["IMG_0001.jpg"]
