"""A folder that vanishes while it is read: one sentence, and no image counts as broken or gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.interchange.records import Record, Results
from engine.jobs.embedding import scan_folder
from engine.jobs.predictions import save_table
from engine.messages import FilesFound, ImageId, ImageRef, ScanFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "card"
    for name in ("a", "b"):
        (made / name).mkdir(parents=True)
        for number in range(300):
            (made / name / f"{number}.jpg").write_bytes(b"")
    return made


def test_a_scan_ends_with_that_and_not_with_what_it_met(folder: Path, tmp_path: Path) -> None:
    steps = scan_folder(ScanFolder(1, folder))
    assert isinstance(next(steps), FilesFound)
    folder.rename(tmp_path / "pulled")
    with pytest.raises(EngineError, match="is not there any more") as caught:
        list(steps)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_table_is_of_failures_only_where_the_folder_is_there(
    folder: Path, tmp_path: Path, is_there: bool
) -> None:
    images = [
        ImageRef(ImageId(number), folder / "a" / f"{number}.jpg", f"a/{number}.jpg")
        for number in range(300)
    ]

    def chunks() -> Iterator[Sequence[Record]]:
        for start in range(0, 300, 50):
            if start == 150 and not is_there:
                folder.rename(tmp_path / "pulled")
            yield [Record(image, failure="gone") for image in images[start : start + 50]]

    out = tmp_path / "out.csv"
    out.write_text("of before\n")
    steps = save_table(Results(folder, ("fox",), ("fox",), "model", 300, chunks), out, 1)
    if is_there:
        list(steps)
        assert len((tmp_path / "out.errors.csv").read_text().splitlines()) == 301
        return
    with pytest.raises(EngineError, match="is not there any more, so nothing was written"):
        list(steps)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "pulled"]
    assert out.read_text() == "of before\n"
