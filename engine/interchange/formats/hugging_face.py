"""Images and metadata.jsonl beside them: "imagefolder" of Hugging Face's datasets."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.records import Record, Results
from engine.interchange.writing import Names, Tally, json_text, portable_path
from engine.words import say

_SPLIT: Final = "train"
# Between such characters datasets takes these words, anywhere in a path, for the name of a split;
# what begins with two underscores it takes for hidden.
_MISREAD: Final = re.compile(
    r"(^|[-._ 0-9/])(train|training|validation|valid|dev|val|test|testing|eval|evaluation)"
    r"([-._ 0-9/]|$)|(^|/)__",
    re.IGNORECASE,
)


def write(results: Results, out: Path, options: WriteOptions) -> Generator[int, None, Written]:
    """``train/IMAGES`` and ``train/metadata.jsonl``: one split, a line per image.

    No folders of classes: datasets takes labels from either, and the lines have room for more.
    With predictions ``label_source`` is "human" or "machine", with the confidence beside it.
    """
    folder = out / _SPLIT
    folder.mkdir()
    names, tally, number = Names(), Tally(), 0
    names.give("metadata.jsonl")
    with (folder / "metadata.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
        for chunk in results.chunks():
            for record in chunk:
                number += 1
                if _is_wanted(record, options):
                    wished = portable_path(record.image.name)
                    if _MISREAD.search(wished):
                        wished = f"image-{number:07d}{PurePosixPath(wished).suffix}"
                    place = names.give(wished)
                    if tally.place(record, folder / place, options):
                        lines.write(json_text(_line(results, record, place, options)) + "\n")
                yield 1
    return tally.written()


def _is_wanted(record: Record, options: WriteOptions) -> bool:
    return record.label is not None or (
        options.with_predictions and (record.probabilities is not None or bool(record.failure))
    )


def _line(results: Results, record: Record, place: str, options: WriteOptions) -> dict[str, Any]:
    answer = results.answer(record)
    assert answer is not None
    line: dict[str, Any] = {
        "file_name": place,
        "label": answer.label,
        "original_name": record.image.name,
    }
    if options.with_predictions:
        none_score = record.none_score
        line["label_source"] = "human" if answer.is_human else "machine"
        line["confidence"] = round(answer.confidence, 6)
        line["none_score"] = None if none_score is None else round(none_score, 6)
    return line


FORMAT: Final = Format(
    key="huggingface",
    title="Hugging Face",
    suffix="",
    consumer=say('datasets: load_dataset("imagefolder", data_dir=…)'),
    write=write,
    marks_predictions=True,
    holds_images=True,
)
