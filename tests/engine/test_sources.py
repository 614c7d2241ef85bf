"""Images and examples from folders, lists, tables and projects, as the command line takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import EngineError, LabelsError
from engine.messages import Snapshot
from engine.project import Change, Project
from engine.sources import SnapshotBuilder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Files need not be pictures here: nothing is decoded."""
    folder = tmp_path / "images"
    for name in ("a.jpg", "b.png", "sub/a.jpg", "ä 図.jpg", "=x.jpg", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1")
    return folder


def _names(snapshot: Snapshot) -> list[str]:
    return [image.name for image in snapshot.images]


def _support(snapshot: Snapshot) -> list[tuple[str, str]]:
    classes = {item.class_id: item.name for item in snapshot.classes}
    return [(image.name, classes[class_id]) for image, class_id in snapshot.support]


def _labels(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# --- Images ---------------------------------------------------------------------------------------


def test_a_folder_with_its_sub_folders(images: Path) -> None:
    builder = SnapshotBuilder()
    builder.add_images(images)
    snapshot = builder.build()
    assert _names(snapshot) == ["=x.jpg", "a.jpg", "b.png", "ä 図.jpg", "sub/a.jpg"]
    assert snapshot.folder == images
    assert len({image.image_id for image in snapshot.images}) == 5


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_of_files(images: Path, tmp_path: Path, end: str, encoding: str) -> None:
    lines = ["images/a.jpg", "", str(images / "sub" / "a.jpg"), "images/none.jpg", "images/a.jpg"]
    path = _labels(tmp_path / "list.txt", end.join(lines), encoding)
    builder = SnapshotBuilder()
    builder.add_images(path)
    snapshot = builder.build()
    # One file is one image however often it is named; one that is not there is found out later.
    assert _names(snapshot) == [
        "images/a.jpg",
        (images / "sub" / "a.jpg").as_posix(),
        "images/none.jpg",
    ]
    assert snapshot.images[0].path == tmp_path / "images" / "a.jpg"


def test_names_with_unusual_separators_are_not_cut(tmp_path: Path) -> None:
    name = "a\N{LINE SEPARATOR}b\x0cc.jpg"
    (tmp_path / name).write_bytes(b"1")
    builder = SnapshotBuilder()
    builder.add_images(_labels(tmp_path / "list.txt", f"{name}\n"))
    assert _names(builder.build()) == [name]
    builder.add_labels(_labels(tmp_path / "labels.csv", f"file_name,label\n{name},fox\n"), tmp_path)
    assert _support(builder.build()) == [(name, "fox")]


def test_a_list_with_an_impossible_path_is_taken_and_fails_at_reading(tmp_path: Path) -> None:
    builder = SnapshotBuilder()
    builder.add_images(_labels(tmp_path / "list.txt", "a\0b.jpg\n"))
    assert len(builder.build().images) == 1


def test_one_image(images: Path) -> None:
    builder = SnapshotBuilder()
    builder.add_images(images / "b.png")
    assert _names(builder.build()) == ["b.png"]


@pytest.mark.parametrize("kind", ["missing", "empty folder", "empty list", "no images"])
def test_nothing_to_classify_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "given"
    if kind == "empty folder":
        path.mkdir()
    elif kind == "no images":
        path.mkdir()
        (path / "notes.txt").write_text("x")
    elif kind == "empty list":
        path.write_text(" \n\n")
    with pytest.raises(EngineError, match=f"{path}\\.$"):
        SnapshotBuilder().add_images(path)


def test_a_list_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"caf\xe9.jpg\n")
    with pytest.raises(EngineError, match="is not a text file in UTF-8"):
        SnapshotBuilder().add_images(tmp_path / "list.txt")


# --- Examples -------------------------------------------------------------------------------------


def test_a_support_folder(images: Path, tmp_path: Path) -> None:
    support = tmp_path / "support"
    for name in ("owl/1.jpg", "owl/deep/2.jpg", "fox/1.jpg", ".trash/1.jpg", "void/readme.txt"):
        (support / name).parent.mkdir(parents=True, exist_ok=True)
        (support / name).write_bytes(b"1")
    (support / "loose.jpg").write_bytes(b"1")
    builder = SnapshotBuilder()
    builder.add_images(images)
    builder.add_support(support)
    snapshot = builder.build()
    assert [item.name for item in snapshot.classes] == ["fox", "owl", "void"]
    assert _support(snapshot) == [
        ("fox/1.jpg", "fox"),
        ("owl/1.jpg", "owl"),
        ("owl/deep/2.jpg", "owl"),
    ]
    assert len(snapshot.images) == 5  # Examples are not classified unless they lie in IMAGES.
    (notice,) = builder.notices
    assert "void" in notice


def test_examples_inside_the_images_are_the_same_images(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    for name in ("support/fox/1.jpg", "support/owl/1.jpg", "2.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1")
    builder = SnapshotBuilder()
    builder.add_images(folder)
    builder.add_support(folder / "support")
    snapshot = builder.build()
    ids = {image.image_id for image in snapshot.images}
    assert len(ids) == 3
    assert {image.image_id for image, _ in snapshot.support} <= ids


def test_a_support_folder_without_examples_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1")
    with pytest.raises(LabelsError, match="one folder per class"):
        SnapshotBuilder().add_support(tmp_path)
    with pytest.raises(EngineError, match="There is no folder"):
        SnapshotBuilder().add_support(tmp_path / "none")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_of_labels(images: Path, tmp_path: Path, encoding: str, end: str) -> None:
    table = _labels(
        tmp_path / "labels.csv",
        end.join(
            [
                "label,other,file_name",
                "fox,1,a.jpg",
                '"owl, barn",2,sub/a.jpg',
                '"two\nlines",3,b.png',
                "Füchsin,4,ä 図.jpg",
                ",5,=x.jpg",
                "fox,6,",
                "fox,7,none.jpg",
                "short",
                "owl,8,a.jpg,extra",
            ]
        ),
        encoding,
    )
    builder = SnapshotBuilder()
    builder.add_images(images)
    builder.add_labels(table, images)
    assert _support(builder.build()) == [
        ("a.jpg", "owl"),  # The last row about a file counts.
        ("sub/a.jpg", "owl, barn"),
        ("b.png", "two\nlines"),
        ("ä 図.jpg", "Füchsin"),
    ]
    (notice,) = builder.notices
    # The quoted label takes two lines of the file.
    assert "line 9: there is no file" in notice
    assert notice.endswith("none.jpg; left out.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "needs a first line with the columns file_name and label"),
        ("file,class\na.jpg,fox\n", "needs a first line with the columns file_name and label"),
        ("file_name;label\na.jpg;fox\n", "needs a first line"),
        ("file_name,label\n", "No row of"),
        ("file_name,label\nnone.jpg,fox\n", "No row of"),
        ("file_name,label\n\0.jpg,fox\n", "No row of"),
        (f'file_name,label\n"{"x" * 200_000}",fox\n', "this is no CSV"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    images: Path, tmp_path: Path, text: str, sentence: str
) -> None:
    table = _labels(tmp_path / "labels.csv", text)
    with pytest.raises(LabelsError, match=sentence) as caught:
        SnapshotBuilder().add_labels(table, images)
    assert str(table) in str(caught.value)


def test_a_table_that_is_missing_or_not_text_is_told(images: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no such file"):
        SnapshotBuilder().add_labels(tmp_path / "none.csv", images)
    (tmp_path / "labels.csv").write_bytes("file_name,label\n".encode("utf-16"))
    with pytest.raises(EngineError, match="UTF-8"):
        SnapshotBuilder().add_labels(tmp_path / "labels.csv", images)


@pytest.fixture
def project(images: Path, tmp_path: Path) -> Project:
    from engine.images import find_images
    from engine.messages import FoundFile

    made = Project.for_folder(images, tmp_path)
    made.add_images([item for item in find_images(images) if isinstance(item, FoundFile)])
    for name in ("owl", "fox"):
        made.apply(Change("Add", {}, (made.new_class(name),)))
    return made


def test_a_project_gives_images_examples_and_the_order_of_its_classes(project: Project) -> None:
    owl, fox = project.classes()
    ids = {record.name: record.image_id for record in project.images()}
    project.apply(project.relabel([ids["b.png"]], fox.class_id))
    project.apply(project.relabel([ids["a.jpg"]], owl.class_id))
    builder = SnapshotBuilder()
    builder.add_project(project.path)
    snapshot = builder.build()
    assert [item.name for item in snapshot.classes] == ["owl", "fox"]
    assert sorted(_support(snapshot)) == [("a.jpg", "owl"), ("b.png", "fox")]
    assert len(snapshot.images) == 5
    assert snapshot.folder == project.folder


def test_a_project_for_other_images(project: Project, tmp_path: Path) -> None:
    owl, _ = project.classes()
    project.apply(project.relabel([project.images()[0].image_id], owl.class_id))
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "z.jpg").write_bytes(b"1")
    builder = SnapshotBuilder()
    builder.add_images(tmp_path / "others")
    builder.add_project(project.path)
    assert _names(builder.build()) == ["z.jpg"]
    assert len(builder.build().support) == 1


def test_a_project_without_labels_is_told(project: Project) -> None:
    with pytest.raises(LabelsError, match="No image is labelled"):
        SnapshotBuilder().add_project(project.path)
