"""FiftyOneImageClassificationDataset: ``data/`` with the images, and labels.json."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.records import Record, Results
from engine.interchange.writing import Names, Tally, json_text, portable_path
from engine.messages import NONE_NAME
from engine.words import say


def write(results: Results, out: Path, options: WriteOptions) -> Generator[int, None, Written]:
    """Labelled images; with predictions all, each label with its confidence and source.

    labels.json knows an image by its path without the ending; a label is the class's number.
    """
    classes = list(results.class_names)
    names, tally = Names(by_stem=True), Tally()
    (out / "data").mkdir()
    entries_path = out / ".entries"  # Whether a class for none of these is needed is known last.
    with entries_path.open("w", encoding="utf-8", newline="\n") as entries:
        is_first = True
        for chunk in results.chunks():
            for record in chunk:
                entry = _entry(results, record, classes, options)
                if entry is not None or (record.failure and options.with_predictions):
                    place = names.give(portable_path(record.image.name))
                    if tally.place(record, out / "data" / place, options):
                        key = os.path.splitext(place)[0]
                        entries.write("" if is_first else ",\n")
                        entries.write(f"{json_text(key)}: {json_text(entry)}")
                        is_first = False
                yield 1
    with (
        (out / "labels.json").open("w", encoding="utf-8", newline="\n") as labels,
        entries_path.open(encoding="utf-8", newline="\n") as entries,
    ):
        labels.write(f'{{"classes": {json_text(classes)},\n"labels": {{\n')
        shutil.copyfileobj(entries, labels)
        labels.write("\n}}\n")
    entries_path.unlink()
    return tally.written()


def _entry(
    results: Results, record: Record, classes: list[str], options: WriteOptions
) -> int | dict[str, Any] | None:
    answer = results.answer(record)
    if answer is None or not (answer.is_human or options.with_predictions):
        return None
    if answer.label == NONE_NAME and NONE_NAME not in classes:
        classes.append(NONE_NAME)
    number = classes.index(answer.label)
    if not options.with_predictions:
        return number
    attributes: dict[str, Any] = {"label_source": "human" if answer.is_human else "machine"}
    if record.none_score is not None:
        attributes["none_score"] = round(record.none_score, 6)
    return {"label": number, "confidence": round(answer.confidence, 6), "attributes": attributes}


FORMAT: Final = Format(
    key="fiftyone",
    title="FiftyOne",
    suffix="",
    consumer=say("Dataset.from_dir, as a FiftyOneImageClassificationDataset"),
    write=write,
    marks_predictions=True,
    holds_images=True,
)
