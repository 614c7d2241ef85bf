"""Writing keywords to files: dry run, journal, undo, a kill in between, and who is left alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import ExportError
from engine.interchange.metadata.journal import Journal, entries_of, last_run
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import keywords_in
from engine.jobs import metadata as job
from engine.messages import (
    ImageId,
    ImageRef,
    MetadataChoice,
    MetadataWritten,
    SidecarNaming,
)
from tests.engine.tagged import DOG, FOX, paint_few, refs, tag, tree, undo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return paint_few(tmp_path / "images")


@pytest.mark.parametrize("is_embedded", [False, True])
def test_dry_run_write_and_undo(folder: Path, is_embedded: bool) -> None:
    before = tree(folder)
    tried, planned = tag(folder, FOX, MetadataChoice(is_embedded=is_embedded, is_dry_run=True))
    assert tree(folder) == before
    written, _ = tag(folder, FOX, MetadataChoice(is_embedded=is_embedded))
    assert list(written.changes) == planned
    n_beside = 1 if is_embedded else 4
    assert (written.n_created, written.n_embedded) == (n_beside, 4 - n_beside)
    assert (tried.n_created, tried.n_embedded) == (n_beside, 4 - n_beside)
    assert written.n_instead == int(is_embedded)
    after = tree(folder)
    assert {name: after[name][1] for name in before} == {name: before[name][1] for name in before}
    if not is_embedded:
        assert {name: after[name] for name in before} == before
    for name in before:
        with Image.open(folder / name) as image:
            found = image.info.get("xmp") if is_embedded and not name.endswith("webp") else None
        content = found or (folder / f"{name}.xmp").read_bytes()
        assert keywords_in(content)["hierarchicalSubject"] == ["AI|fox"]
    again, _ = tag(folder, FOX, MetadataChoice(is_embedded=is_embedded))
    assert again.n_unchanged == 4
    assert tree(folder) == after
    assert undo(folder).problems == ()
    assert tree(folder) == before
    with pytest.raises(ExportError, match="no writing of metadata to undo"):
        undo(folder)


def test_a_sidecar_that_is_there_is_merged_into_and_restored(folder: Path) -> None:
    sidecar = folder / "i0.xmp"
    sidecar.write_bytes(
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\r\n'
        b'<rdf:Description xmlns:q="http://q#" q:kept="1"/>\r\n</rdf:RDF>'
    )
    before = tree(folder)
    written, _ = tag(folder, DOG, MetadataChoice(naming=SidecarNaming.STEM))
    assert (written.n_created, written.n_merged) == (3, 1)
    assert b'<rdf:Description xmlns:q="http://q#" q:kept="1"/>' in sidecar.read_bytes()
    assert keywords_in(sidecar.read_bytes())["subject"] == ["dog"]
    undo(folder)
    assert tree(folder) == before


def test_where_keywords_are_written_anew_the_old_place_says_nothing_stale(folder: Path) -> None:
    tag(folder, FOX, MetadataChoice(naming=SidecarNaming.STEM))
    written, _ = tag(folder, DOG, MetadataChoice())
    assert written.n_removed == 4
    assert not (folder / "i0.xmp").exists()
    job_events = list(job.remove_metadata(folder, refs(folder), 0, is_dry_run=False))
    assert job_events
    assert not list(folder.rglob("*.xmp"))


def test_what_others_changed_since_is_left_and_told(folder: Path) -> None:
    tag(folder, FOX, MetadataChoice())
    other = folder / "i1.png.xmp"
    other.write_bytes(other.read_bytes() + b"\n")
    undone = undo(folder)
    assert undone.n_restored == 3
    assert "i1.png.xmp was changed by another program since" in undone.problems[0]
    assert [path.name for path in folder.rglob("*.xmp")] == ["i1.png.xmp"]
    assert last_run(folder) is None


def test_a_broken_or_hostile_sidecar_is_left_and_the_rest_goes_on(folder: Path) -> None:
    (folder / "i0.jpg.xmp").write_bytes(b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    (folder / "i1.png.xmp").mkdir()
    (folder / "i2.webp").unlink()
    wanted = [
        (ref, FOX) for ref in [*refs(folder), ImageRef(ImageId(9), folder / "x.jpg", "x.jpg")]
    ]
    events = list(job.tag_images(folder, wanted, MetadataChoice(), 0))
    written = events[-1]
    assert isinstance(written, MetadataWritten)
    assert written.n_created == 1
    told = " ".join(written.problems)
    for part in (
        "i0.jpg.xmp was left as it is",
        "i1.png.xmp: it is a folder",
        "x.jpg is not there",
    ):
        assert part in told


def test_one_sidecar_for_two_images_of_other_classes_is_refused(folder: Path) -> None:
    shutil.copy(folder / "i0.jpg", folder / "i0.png")
    wanted = [(ref, DOG if ref.name == "i0.png" else FOX) for ref in refs(folder)]
    choice = MetadataChoice(naming=SidecarNaming.STEM)
    written = list(job.tag_images(folder, wanted, choice, 0))[-1]
    assert isinstance(written, MetadataWritten)
    assert len(written.problems) == 2
    assert "would share its i0.xmp" in written.problems[0]
    assert not (folder / "i0.xmp").exists()


@pytest.mark.parametrize("protect", ["write", "link"])
def test_files_that_cannot_be_replaced_get_a_sidecar(
    folder: Path, protect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if protect == "link":
        os.link(folder / "i0.jpg", folder / "other.name")
    else:
        monkeypatch.setattr(os, "access", lambda *_: False)
    before = (folder / "i0.jpg").read_bytes()
    written, _ = tag(folder, FOX, MetadataChoice(is_embedded=True))
    assert written.n_instead == (2 if protect == "link" else 4)
    assert (folder / "i0.jpg").read_bytes() == before
    assert (folder / "i0.jpg.xmp").exists()


_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.interchange.metadata.keywords import Keyword
from engine.jobs import metadata as job
from engine.messages import ImageId, ImageRef, MetadataChoice
folder = Path(sys.argv[1])
names = sorted(p.name for p in folder.glob("*.jpg"))
replaced = []
usual = job.replace_file
def replace(*arguments, **options):
    if len(replaced) == 40:
        (folder / (".handful-" + "0" * 32 + ".jpg")).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    replaced.append(usual(*arguments, **options))
job.replace_file = replace
wanted = [(ImageRef(ImageId(n), folder / name, name), Keyword("fox", True))
          for n, name in enumerate(names)]
list(job.tag_images(folder, wanted, MetadataChoice(is_embedded=True), 0))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_run_is_gone_on_with_and_both_are_undone_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    Image.new("RGB", (16, 16)).save(folder / "0.jpg")
    for number in range(1, 100):
        shutil.copy(folder / "0.jpg", folder / f"{number}.jpg")
    before = tree(folder)
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert Journal(folder).is_resumed
    journal = last_run(folder)
    assert journal is not None
    with journal.open("ab") as file:
        file.write(b'{"path": "torn')
    written, _ = tag(folder, DOG, MetadataChoice(is_embedded=True))
    assert written.n_tagged == 100
    assert len(entries_of(journal)) >= 100
    assert undo(folder).problems == ()
    assert tree(folder) == before


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_every_list_and_finds_nothing_wrong(folder: Path) -> None:
    tag(folder, Keyword("a|b/c <&>", False, 0.9, "id"), MetadataChoice(is_embedded=True))
    fields = ["-XMP-dc:Subject", "-XMP-lr:HierarchicalSubject", "-XMP-digiKam:TagsList"]
    for name in ("i0.jpg", "i1.png", "i2.webp.xmp"):
        found = subprocess.run(
            ["exiftool", "-s3", *fields, "-validate", str(folder / name)],
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        expected = ["a|b/c <&>", "AI|a¦b∕c <&>", "AI/a¦b∕c <&>", "OK"]
        assert found.stdout.splitlines() == expected
