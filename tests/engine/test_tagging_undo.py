"""Taking keywords back where files were moved, edited, protected, or a journal is a stranger's."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from engine.images import content_hash
from engine.interchange.metadata.journal import FOLDER_NAME, Entry, last_run
from engine.interchange.metadata.packet import keywords_in
from engine.jobs import metadata as job
from engine.messages import ImageId, ImageRef, MetadataChoice, MetadataWritten, SidecarNaming
from tests.engine.tagged import DOG, FOX, paint_few, refs, tag, tree, undo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return paint_few(tmp_path / "images")


def move(folder: Path, target: Path) -> None:
    """As sorting does: images and their sidecars."""
    (target / "sub").mkdir(parents=True)
    for path in [*folder.glob("i*"), *folder.glob("sub/i*")]:
        path.rename(target / path.relative_to(folder))


@pytest.mark.parametrize("is_embedded", [False, True])
def test_what_was_moved_away_is_told_and_can_be_taken_back_later(
    folder: Path, tmp_path: Path, is_embedded: bool
) -> None:
    before = tree(folder)
    tag(folder, FOX, MetadataChoice(is_embedded=is_embedded))
    move(folder, tmp_path / "sorted")
    for _ in range(2):
        undone = undo(folder)
        assert undone.n_restored == 0
        assert len(undone.problems) == 4
        assert all("is not there any more" in text for text in undone.problems)
        assert last_run(folder) is not None
    shutil.copytree(tmp_path / "sorted", folder, dirs_exist_ok=True)
    assert undo(folder).problems == ()
    assert tree(folder) == before
    assert not (folder / FOLDER_NAME).exists()


@pytest.mark.parametrize("is_embedded", [False, True])
def test_what_was_moved_is_found_where_the_project_knows_it(
    folder: Path, tmp_path: Path, is_embedded: bool
) -> None:
    before = tree(folder)
    tag(folder, FOX, MetadataChoice(is_embedded=is_embedded))
    target = tmp_path / "sorted" / "fox"
    move(folder, target)
    undone = undo(folder, refs(target))
    assert (undone.n_restored, undone.problems) == (4, ())
    assert tree(target) == before
    assert last_run(folder) is None


def test_what_failed_is_tried_again_and_stays_the_newest_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(folder)
    tag(folder, FOX, MetadataChoice(is_embedded=True))
    tag(folder, DOG, MetadataChoice(is_embedded=True))
    newest = last_run(folder)
    usual = os.access
    with monkeypatch.context() as patched:
        patched.setattr(
            os, "access", lambda path, *mode: Path(path).name != "i0.jpg" and usual(path, *mode)
        )
        undone = undo(folder)
        assert undone.n_restored == 3
        assert "i0.jpg was left as it is: it is write-protected" in undone.problems[0]
        assert last_run(folder) == newest
        # It helps none to try again: the run before goes back, all but what is in the way.
        undone = undo(folder)
        assert (undone.n_restored, len(undone.problems)) == (3, 1)
    assert undo(folder).problems == ()
    assert undo(folder).problems == ()
    assert tree(folder) == before
    assert last_run(folder) is None


def test_only_what_others_edited_is_put_aside_and_nothing_is_written_over(folder: Path) -> None:
    for _ in range(2):
        tag(folder, FOX, MetadataChoice())
        sidecar = folder / "i0.jpg.xmp"
        sidecar.write_bytes(sidecar.read_bytes() + b"\n")
        assert "i0.jpg.xmp was changed by another program" in undo(folder).problems[0]
        assert last_run(folder) is None
        sidecar.unlink()
    assert len(list((folder / FOLDER_NAME).iterdir())) == 2


def test_a_sidecar_that_a_person_removed_meanwhile_is_as_it_was(folder: Path) -> None:
    before = tree(folder)
    tag(folder, FOX, MetadataChoice())
    (folder / "i0.jpg.xmp").unlink()
    undone = undo(folder)
    assert (undone.n_restored, undone.problems) == (3, ())
    assert tree(folder) == before


# --- A journal that came with the folder ----------------------------------------------------------


def forge(folder: Path, path: str, before: bytes | None, now: bytes | None) -> Path:
    """A journal that asks for a file to be what its writer wants."""
    entry = Entry(
        path,
        "" if before is None else content_hash(before).hex(),
        "" if now is None else content_hash(now).hex(),
        0,
        before or b"",
        len(now or b""),
        (0, 0),
        is_image=path.endswith(".jpg"),
    )
    journal = folder / FOLDER_NAME / "run-000001.jsonl"
    journal.parent.mkdir()
    head = json.dumps({"handful": "metadata journal", "version": 1})
    journal.write_text(f'{head}\n{entry.to_json()}\n{{"finished": true}}\n')
    return journal


@pytest.mark.parametrize("way", ["up", "absolute", "link", "folder link", "other ending"])
@pytest.mark.parametrize("wanted", [None, b"theirs"])
def test_a_journal_reaches_nothing_outside_of_its_folder(
    folder: Path, tmp_path: Path, way: str, wanted: bytes | None
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / ("victim.txt" if way == "link" else "victim.xmp")
    victim.write_bytes(b"mine")
    path = {
        "up": "../outside/victim.xmp",
        "absolute": str(victim),
        "link": "link.xmp",
        "folder link": "linked/victim.xmp",
        "other ending": "notes.txt",
    }[way]
    if way == "link":
        (folder / path).symlink_to(victim)
    elif way == "folder link":
        (folder / "linked").symlink_to(outside)
    elif way == "other ending":
        victim = folder / path
        victim.write_bytes(b"mine")
    forge(folder, path, wanted, b"mine")
    leftover = outside / (".handful-" + "0" * 32 + ".xmp")
    leftover.touch()
    undone = undo(folder, refs(folder))
    assert undone.n_restored == 0
    assert len(undone.problems) == 1
    assert victim.read_bytes() == b"mine"
    assert leftover.exists()


def test_a_list_reaches_what_it_names_and_a_journal_nothing_new_elsewhere(
    folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "lists"
    elsewhere.mkdir()
    before = tree(folder)
    wanted = [(ref, FOX) for ref in refs(folder)]
    assert list(job.tag_images(elsewhere, wanted, MetadataChoice(), 0))
    assert "is not in" in undo(elsewhere).problems[0]
    assert undo(elsewhere, refs(folder)).problems == ()
    assert tree(folder) == before
    forge(elsewhere, str(tmp_path / "new.xmp"), b"theirs", None)
    assert len(undo(elsewhere, refs(folder)).problems) == 1
    assert not (tmp_path / "new.xmp").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"times": [1 << 70, 0]},
        {"path": "a\0.xmp"},
        {"path": 7},
        {"before": "x" * 32},
        {"offset": "1"},
        {"path": ""},
    ],
)
def test_a_damaged_entry_is_told_and_the_others_are_taken_back(
    folder: Path, change: dict[str, object]
) -> None:
    tag(folder, FOX, MetadataChoice())
    journal = last_run(folder)
    assert journal is not None
    lines = journal.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), **change})
    journal.write_text("\n".join(lines))
    undone = undo(folder)
    assert undone.n_restored == 3
    assert "is damaged: 1 of its lines" in undone.problems[0]
    assert [path.name for path in folder.rglob("*.xmp")] == ["i0.jpg.xmp"]
    assert last_run(folder) is None
    assert journal.with_suffix(".left.jsonl").exists()


# --- Which sidecar is whose -----------------------------------------------------------------------


@pytest.fixture
def twins(folder: Path) -> Path:
    """i0.jpg and i0.jpg.png: the one's whole name is the other's without its ending."""
    shutil.copy(folder / "i1.png", folder / "i0.jpg.png")
    return folder


@pytest.mark.parametrize("is_embedded", [False, True])
def test_the_sidecar_of_one_image_is_not_cleared_for_another(
    twins: Path, is_embedded: bool
) -> None:
    wanted = [(ref, FOX if ref.name == "i0.jpg" else DOG) for ref in refs(twins)]
    list(job.tag_images(twins, wanted, MetadataChoice(), 0))
    before = tree(twins)
    only = [item for item in wanted if item[0].name == "i0.jpg.png"]
    list(job.tag_images(twins, only, MetadataChoice(is_embedded=is_embedded), 0))
    assert tree(twins)["i0.jpg.xmp"] == before["i0.jpg.xmp"]
    assert keywords_in((twins / "i0.jpg.xmp").read_bytes())["subject"] == ["fox"]
    list(job.remove_metadata(twins, [only[0][0]], 0, is_dry_run=False))
    assert tree(twins)["i0.jpg.xmp"] == before["i0.jpg.xmp"]
    assert not (twins / "i0.jpg.png.xmp").exists()


def test_without_endings_an_image_gets_no_sidecar_that_is_another_ones(twins: Path) -> None:
    sidecar = twins / "i0.jpg.xmp"
    ref = next(item for item in refs(twins) if item.name == "i0.jpg")
    list(job.tag_images(twins, [(ref, FOX)], MetadataChoice(), 0))
    before = sidecar.read_bytes()
    other = next(item for item in refs(twins) if item.name == "i0.jpg.png")
    choice = MetadataChoice(naming=SidecarNaming.STEM)
    written = list(job.tag_images(twins, [(other, DOG)], choice, 0))[-1]
    assert isinstance(written, MetadataWritten)
    assert "i0.jpg.xmp is the sidecar of another image" in written.problems[0]
    assert sidecar.read_bytes() == before


def test_an_embedded_keyword_leaves_the_sidecar_that_another_ending_shares(folder: Path) -> None:
    shutil.copy(folder / "i0.jpg", folder / "i2.jpg")
    choice = MetadataChoice(is_embedded=True, naming=SidecarNaming.STEM)
    for _ in range(2):  # i2.webp cannot be written into, i2.jpg can.
        written, _ = tag(folder, FOX, choice)
        assert written.problems == ()
        assert keywords_in((folder / "i2.xmp").read_bytes())["subject"] == ["fox"]


# --- Whose file it is -----------------------------------------------------------------------------


def test_a_protected_sidecar_is_left_and_told(folder: Path) -> None:
    tag(folder, FOX, MetadataChoice())
    sidecar = folder / "i0.jpg.xmp"
    before = sidecar.read_bytes()
    sidecar.chmod(0o444)
    for is_dry_run in (True, False):
        written, _ = tag(folder, DOG, MetadataChoice(is_dry_run=is_dry_run))
        assert len(written.problems) == 1
        assert "i0.jpg.xmp was left as it is: it is write-protected" in written.problems[0]
    assert sidecar.read_bytes() == before
    assert sidecar.stat().st_mode & 0o777 == 0o444


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to be root")
def test_a_sidecar_keeps_its_owner(folder: Path) -> None:
    tag(folder, FOX, MetadataChoice())
    sidecar = folder / "i0.jpg.xmp"
    os.chown(sidecar, 1234, 2345)
    sidecar.chmod(0o640)
    tag(folder, DOG, MetadataChoice())
    for _ in range(2):
        status = sidecar.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 2345, 0o640)
        undo(folder)


def test_links_to_other_files_are_not_written_through(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "i0.jpg", tmp_path / "elsewhere.jpg")
    (folder / "i0.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (tmp_path / "elsewhere.xmp").touch()
    (folder / "i1.png.xmp").symlink_to(tmp_path / "elsewhere.xmp")
    before = (tmp_path / "elsewhere.jpg").read_bytes()
    written, _ = tag(folder, FOX, MetadataChoice(is_embedded=True))
    assert written.n_instead == 2
    assert (folder / "i0.jpg.xmp").is_file()
    written, _ = tag(folder, FOX, MetadataChoice())
    assert "i1.png.xmp was left as it is: it is a link" in written.problems[0]
    assert (tmp_path / "elsewhere.xmp").read_bytes() == b""
    assert (tmp_path / "elsewhere.jpg").read_bytes() == before


def test_removing_leaves_files_that_others_made_if_empty(folder: Path) -> None:
    bare = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
    )
    (folder / "i0.jpg.xmp").touch()
    (folder / "i1.png.xmp").write_bytes(bare)
    images = [ImageRef(ImageId(n), ref.path, ref.name) for n, ref in enumerate(refs(folder))]
    for keyword in (FOX, DOG):
        tag(folder, keyword, MetadataChoice())
    assert keywords_in((folder / "i0.jpg.xmp").read_bytes())["subject"] == ["dog"]
    list(job.remove_metadata(folder, images, 0, is_dry_run=False))
    assert (folder / "i0.jpg.xmp").read_bytes() == b""
    assert (folder / "i1.png.xmp").read_bytes() == bare
    assert len(list(folder.rglob("*.xmp"))) == 2


@pytest.mark.parametrize("is_embedded", [False, True])
def test_an_undo_that_was_killed_ends_where_the_run_had_been_gone_on_with(
    folder: Path, is_embedded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are back already have none of the states that the second half of the run tells."""
    before = tree(folder)
    with monkeypatch.context() as patch:
        patch.setattr(job.Journal, "finish", lambda _: None)  # As if killed before its end.
        tag(folder, FOX, MetadataChoice(is_embedded=is_embedded))
    tag(folder, DOG, MetadataChoice(is_embedded=is_embedded))
    journal = last_run(folder)
    assert journal is not None
    told = journal.read_bytes()
    assert undo(folder).problems == ()
    journal.parent.mkdir(exist_ok=True)
    journal.write_bytes(told)  # As if killed before the journal went.
    undone = undo(folder)
    assert (undone.n_restored, undone.problems) == (0, ())
    assert tree(folder) == before
