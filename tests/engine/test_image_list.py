"""Images as columns are what a tuple of them was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.image_list import ImageList, ImageListBuilder, ImagesRead, by_name, ids_of
from engine.messages import ImageId, ImageRef

NAMES = ("b/2.jpg", "b/10.jpg", "a.jpg", "b.jpg", "a b/ä 図.jpg")


@pytest.fixture
def images(tmp_path: Path) -> ImageList:
    builder = ImageListBuilder()
    for name in NAMES:
        builder.add(tmp_path, name)
    return builder.build()[0]


def _refs(folder: Path, names: Sequence[str]) -> list[ImageRef]:
    return [ImageRef(ImageId(row), folder / name, name) for row, name in enumerate(names, 1)]


def test_a_list_is_a_sequence_of_its_images(images: ImageList, tmp_path: Path) -> None:
    expected = _refs(tmp_path, NAMES)
    assert list(images) == expected
    assert len(images) == 5
    assert images[1:4] == expected[1:4]
    assert images[-1] == expected[-1]
    assert expected[2] in images
    assert list(reversed(images)) == expected[::-1]
    with pytest.raises(IndexError):
        images[5]
    assert ids_of(images).tolist() == ids_of(expected).tolist() == [1, 2, 3, 4, 5]


def test_the_order_of_names_is_that_of_python(images: ImageList, tmp_path: Path) -> None:
    expected = by_name(_refs(tmp_path, NAMES))
    ordered = by_name(images)
    assert [image.name for image in ordered] == sorted(NAMES)
    assert list(ordered) == list(expected)
    assert ordered[1:3] == expected[1:3]
    assert ids_of(ordered).tolist() == [image.image_id for image in expected]
    assert list(by_name(ordered)) == list(expected)


def test_files_are_numbered_as_they_are_met_and_links_are_one(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "example.jpg"):
        (tmp_path / name).write_bytes(b"1")
    try:
        (tmp_path / "c.jpg").symlink_to(tmp_path / "a.jpg")
    except OSError:
        pytest.skip("links cannot be made here")
    elsewhere = tmp_path / "elsewhere" / "x.jpg"
    builder = ImageListBuilder()
    first = builder.add_example(tmp_path / "example.jpg", "Eagle/example.jpg")
    for name in ("c.jpg", "b.jpg", "a.jpg", "b.jpg", "./a.jpg"):
        builder.add(tmp_path, name)
    builder.add(tmp_path, "x.jpg", elsewhere)
    second = builder.add_example(tmp_path / "a.jpg", "Owl/a.jpg")
    images, examples = builder.build()
    # A name that comes twice is one image; another name of the same file is another.
    told = [(image.image_id, image.name, image.path) for image in images]
    assert told == [
        (2, "c.jpg", tmp_path / "c.jpg"),
        (3, "b.jpg", tmp_path / "b.jpg"),
        (2, "a.jpg", tmp_path / "a.jpg"),
        (2, "./a.jpg", tmp_path / "a.jpg"),
        (4, "x.jpg", elsewhere),
    ]
    assert examples[first] == ImageRef(ImageId(1), tmp_path / "example.jpg", "Eagle/example.jpg")
    assert examples[second] == images[0]  # The name under which the file was met first.


def test_what_was_read_is_found_in_the_list_or_beside_it(images: ImageList, tmp_path: Path) -> None:
    read = ImagesRead()
    other = ImageRef(ImageId(77), tmp_path / "other.jpg", "other.jpg")
    read.listed(images)
    for image in (*images, other):
        read[image.image_id] = image
    assert {**read} == {ImageId(77): other}  # The others take no room.
    assert [read[ImageId(number)] for number in (1, 5, 77)] == [images[0], images[4], other]
    with pytest.raises(KeyError):
        read[ImageId(6)]
    read.clear()
    with pytest.raises(KeyError):
        read[ImageId(1)]
    read[ImageId(1)] = other
    assert read[ImageId(1)] == other


def test_no_image_is_an_empty_list() -> None:
    images, examples = ImageListBuilder().build()
    assert (len(images), list(images), list(by_name(images)), examples) == (0, [], [], {})
    assert ids_of(images).dtype == np.int64
