"""The cache from the command line: shown, limited, emptied, beside programs that have it open."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine import cache_limit
from engine.cache import cache_size, limited_size
from engine.cache_limit import kept_limit, limit_in_force
from engine.cli import cache as command
from engine.cli import main
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import make_thumbnail
from engine.worker import default_cache_folder

PICTURE = make_thumbnail(np.zeros((8, 8, 3), np.uint8))


def fill(cache: ImageCache, n_images: int) -> None:
    for number in range(n_images):
        found = CacheEntry(
            number.to_bytes(16, "big"), np.zeros(4, np.float16), PICTURE + bytes(20_000)
        )
        cache.add({FileKey(f"/pictures/{number}.jpg", 1, 1, 1): found})


def printed(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    """What is listed, by its first word."""
    assert main(["cache", *arguments]) == 0
    lines = capfd.readouterr().out.splitlines()
    return {line.partition(" ")[0]: line.partition(" ")[2].strip() for line in lines}


def test_place_and_size_are_shown_and_nothing_is_made(capfd: pytest.CaptureFixture[str]) -> None:
    folder = default_cache_folder()
    shown = printed(capfd)
    assert (shown["Place"], shown["Size"], shown["Images"]) == (str(folder), "0 bytes", "none yet")
    assert shown["Limit"].endswith("as much as suits the disk; of embeddings and thumbnails")
    assert not folder.exists()
    with ImageCache(folder, "encoder", 4) as cache:
        fill(cache, 80)
    (folder / "encoders").mkdir()
    (folder / "encoders" / "abc.onnx").write_bytes(bytes(2_000_000))
    shown = printed(capfd)
    assert shown["Images"].endswith("MB: embeddings and thumbnails of 80 images")
    assert shown["Others"] == "2.0 MB: networks made ready to run"
    assert main(["cache", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["folder"] == str(folder)
    assert told["size_bytes"] == told["images_bytes"] + 2_000_000 == cache_size(folder)
    assert (told["n_images"], told["limit_bytes"]) == (80, None)


def test_a_limit_holds_at_once_beside_a_program_that_has_the_cache_open(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_limit, "SMALLEST_LIMIT_BYTES", 0)
    monkeypatch.setattr(command, "SMALLEST_LIMIT_BYTES", 0)
    folder = default_cache_folder()
    with ImageCache(folder, "encoder", 4) as cache:
        fill(cache, 150)
        assert limited_size(folder) > 3_000_000
        assert main(["cache", "--limit", "1.5 mb"]) == 0
        said = capfd.readouterr()
        assert "The cache was made smaller: " in said.err
        assert "Limit        1.5 MB, as chosen" in said.out
        assert kept_limit(folder) == 1_500_000
        assert cache._database.room().file_bytes <= 1_500_000
        fill(cache, 5)
        assert cache.notice == ""
    assert main(["cache", "--limit", "40GB"]) == 0
    assert "smaller" not in capfd.readouterr().err
    assert kept_limit(folder) == 40_000_000_000
    assert printed(capfd, "--limit", "auto")["Limit"].partition(", ")[2].startswith("as much as")
    assert kept_limit(folder) is None


def test_a_limit_that_the_disk_has_no_room_for_is_said_to_be_less(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = default_cache_folder()
    folder.mkdir(parents=True)
    usage = shutil.disk_usage(folder)._replace(free=6_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert limit_in_force(folder, 0) == 3_000_000_000
    shown = printed(capfd, "--limit", "2TB")
    assert shown["Limit"].startswith("2.0 TB, as chosen; the disk has room for 5.0 GB;")


def test_it_is_emptied_beside_a_program_that_has_it_open(
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = default_cache_folder()
    with ImageCache(folder, "encoder", 4) as cache:
        fill(cache, 100)
        for place in ("encoders/abc.onnx", "finetuning/abc.result", "letter.txt"):
            (folder / place).parent.mkdir(exist_ok=True)
            (folder / place).write_bytes(b"content")
        assert main(["cache", "--empty", "--limit", "2GB", "--json"]) == 0
        said = capfd.readouterr()
        assert "The cache was emptied: " in said.err
        assert "100 images are read anew when they are needed next." in said.err
        assert "What fine-tuning had finished is gone with it" in said.err
        told = json.loads(said.out)
        assert told["before_bytes"] > 2_000_000 > told["size_bytes"] == cache_size(folder)
        assert told["n_images"] == 0
        assert cache.find(FileKey("/pictures/1.jpg", 1, 1, 1)) is None
        fill(cache, 3)
        assert cache.notice == ""
    assert printed(capfd)["Images"].endswith("thumbnails of 3 images")
    assert (folder / "letter.txt").read_bytes() == b"content"
    assert kept_limit(folder) == 2_000_000_000
    assert main(["cache", "--clean"]) == 0
    assert cache_size(folder) == 0


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ("20", "--limit takes a size such as 20GB or 500MB, or auto, not '20'."),
        ("-5GB", "--limit takes a size such as 20GB or 500MB, or auto, not '-5GB'."),
        ("٢GB", "--limit takes a size such as"),
        ("99.9MB", "--limit must be at least 100MB, not 99.9MB."),
    ],
)
def test_what_is_no_size_is_told_and_nothing_is_done(
    size: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "--empty", "--limit", size]) == 2
    said = " ".join(capfd.readouterr().err.split())
    assert told in said
    assert "emptied" not in said
    assert not default_cache_folder().exists()


def test_a_cache_that_cannot_be_written_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    folder = default_cache_folder()
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    assert main(["cache", "--limit", "2GB"]) == 1
    (sentence,) = capfd.readouterr().err.splitlines()
    assert str(Path(folder)) in sentence
