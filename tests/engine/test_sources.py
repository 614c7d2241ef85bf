"""Images and examples from folders, lists, tables and projects, as the command line takes them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.errors import EngineError, LabelsError
from engine.messages import NONE_OF_THESE, Snapshot
from engine.project import Change, Project
from engine.sources import SnapshotBuilder, short_path


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
    # One name is one image however often it is listed; what is not there is found out later.
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


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Two names of one file, and another file."""
    folder = tmp_path / "linked"
    folder.mkdir()
    for name in ("1.jpg", "3.jpg"):
        (folder / name).write_bytes(b"1")
    try:
        (folder / "2.jpg").symlink_to(folder / "1.jpg")
    except OSError:
        pytest.skip("links cannot be made here")
    return folder


def test_each_name_of_a_linked_file_is_an_image_of_its_own(linked: Path) -> None:
    builder = SnapshotBuilder()
    builder.add_images(linked)
    images = builder.build().images
    assert [(image.name, image.path) for image in images] == [
        (name, linked / name) for name in ("1.jpg", "2.jpg", "3.jpg")
    ]


def test_a_label_of_a_linked_file_is_one_example_and_holds_for_every_name(linked: Path) -> None:
    builder = SnapshotBuilder()
    builder.add_images(linked)
    builder.add_labels(_labels(linked / "l.csv", "file_name,label\n2.jpg,fox\n3.jpg,owl\n"), linked)
    snapshot = builder.build()
    assert len(snapshot.support) == 2
    human = {image.image_id for image, _ in snapshot.support}
    assert [image.name for image in snapshot.images if image.image_id in human] == [
        "1.jpg",
        "2.jpg",
        "3.jpg",
    ]


def _deep_folder(folder: Path, n_letters: int) -> Path:
    """A folder with an image whose path has more letters than the system takes at once."""
    here = os.getcwd()
    folder.mkdir()
    os.chdir(folder)
    try:
        while len(os.getcwd()) < n_letters:
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        Path("a.jpg").write_bytes(b"1")
    finally:
        os.chdir(here)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="paths have other limits elsewhere")
def test_a_folder_that_cannot_be_read_is_told_with_the_reason_and_a_short_path(
    images: Path,
) -> None:
    _deep_folder(images / "deep", 4500)
    builder = SnapshotBuilder()
    builder.add_images(images)
    assert len(builder.build().images) == 5
    (notice,) = builder.notices
    assert notice.startswith(f"Could not read {images}/deep/ddd")
    assert notice.endswith("ddd: the name is too long; it was left out.")
    assert len(notice) < 300


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_no_text_is_told(images: Path) -> None:
    (images / os.fsdecode(b"caf\xe9")).mkdir()
    builder = SnapshotBuilder()
    builder.add_images(images)
    (notice,) = builder.notices
    assert notice.endswith("caf\N{REPLACEMENT CHARACTER} was left out: its name is not UTF-8.")


def test_long_paths_lose_their_middle() -> None:
    assert short_path("a" * 200) == "a" * 200
    assert short_path("a" * 150 + "b" * 150) == "a" * 99 + "…" + "b" * 99


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
    assert builder.notices == []  # A class without examples is told once, by who fits the model.


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


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_of_labels_parted_by_semicolons_or_tabs(
    images: Path, tmp_path: Path, mark: str
) -> None:
    text = f"file_name{mark}label\na.jpg{mark}fox, red\nb.png{mark}owl\n"
    builder = SnapshotBuilder()
    builder.add_labels(_labels(tmp_path / "labels.csv", text), images)
    assert sorted(_support(builder.build())) == [("a.jpg", "fox, red"), ("b.png", "owl")]


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
    missing, contradiction = builder.notices
    # The quoted label takes two lines of the file.
    assert "line 9: there is no file" in missing
    assert missing.endswith("none.jpg; left out.")
    assert contradiction == (
        f"{table}: a.jpg is “fox” (line 2) and “owl” (line 11); the last is used."
    )


def test_many_rows_that_are_left_out_are_told_briefly(images: Path, tmp_path: Path) -> None:
    rows = [f"none_{number}.jpg,fox\n" for number in range(50)]
    builder = SnapshotBuilder()
    builder.add_labels(
        _labels(tmp_path / "labels.csv", "file_name,label\na.jpg,fox\n" + "".join(rows)), images
    )
    assert len(builder.notices) == 21
    assert builder.notices[-1] == "… and 30 more."


def test_one_file_in_two_class_folders_is_told(linked: Path, tmp_path: Path) -> None:
    support = tmp_path / "support"
    for kind in ("fox", "owl"):
        (support / kind).mkdir(parents=True)
        (support / kind / "x.jpg").symlink_to(linked / "1.jpg")
    builder = SnapshotBuilder()
    builder.add_support(support)
    assert _support(builder.build()) == [("fox/x.jpg", "owl")]
    (notice,) = builder.notices
    assert notice == (
        f"{support}: owl/x.jpg is “fox” (fox/x.jpg) and “owl” (owl/x.jpg); the last is used."
    )


@pytest.mark.parametrize(
    ("one", "other"), [("Glass", "glass"), ("caf\u00e9", "cafe\u0301"), ("STRASSE", "straße")]
)
def test_two_spellings_of_one_class_are_refused(
    images: Path, tmp_path: Path, one: str, other: str
) -> None:
    table = _labels(tmp_path / "labels.csv", f"file_name,label\na.jpg,{one}\nb.png,{other}\n")
    with pytest.raises(LabelsError) as caught:
        SnapshotBuilder().add_labels(table, images)
    assert str(caught.value) == (
        f"“{one}” and “{other}” in {table} are one class in two spellings; use one of them."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "needs a first line with the columns file_name and label"),
        ("file,class\na.jpg,fox\n", "needs a first line with the columns file_name and label"),
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


@pytest.mark.parametrize(
    "name", ["none_of_these", "None of these", "NONE-OF-THESE", "None  of_these"]
)
def test_a_folder_or_label_of_that_name_holds_negative_examples(
    images: Path, tmp_path: Path, name: str
) -> None:
    support = tmp_path / "support"
    for kind in ("fox", name):
        (support / kind).mkdir(parents=True)
        (support / kind / "1.jpg").write_bytes(kind.encode())
    builder = SnapshotBuilder()
    builder.add_images(images)
    builder.add_support(support)
    snapshot = builder.build()
    assert [item.name for item in snapshot.classes] == ["fox"]
    fox = snapshot.classes[0].class_id
    assert {image.name: class_id for image, class_id in snapshot.support} == {
        "fox/1.jpg": fox,
        f"{name}/1.jpg": NONE_OF_THESE,
    }
    by_table = SnapshotBuilder()
    by_table.add_images(images)
    by_table.add_labels(
        _labels(tmp_path / "l.csv", f"file_name,label\na.jpg,fox\nb.png,{name}\n"), images
    )
    given = by_table.build()
    assert [item.name for item in given.classes] == ["fox"]
    assert [class_id for _, class_id in given.support] == [fox, NONE_OF_THESE]
    # Said of one image, both are told of as any other contradiction.
    both = SnapshotBuilder()
    both.add_images(images)
    table = _labels(tmp_path / "both.csv", f"file_name,label\na.jpg,fox\na.jpg,{name}\n")
    both.add_labels(table, images)
    assert both.notices == [
        f"{table}: a.jpg is “fox” (line 2) and “None of these” (line 3); the last is used."
    ]


def test_negative_examples_of_a_project(project: Project) -> None:
    owl, _ = project.classes()
    ids = {record.name: record.image_id for record in project.images()}
    project.apply(project.relabel([ids["a.jpg"]], owl.class_id))
    project.apply(project.relabel([ids["b.png"]], NONE_OF_THESE))
    builder = SnapshotBuilder()
    builder.add_project(project.path)
    snapshot = builder.build()
    assert [item.name for item in snapshot.classes] == ["owl", "fox"]
    assert {image.name: class_id for image, class_id in snapshot.support} == {
        "a.jpg": snapshot.classes[0].class_id,
        "b.png": NONE_OF_THESE,
    }


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
