"""Examples that came with a model, in a project's file: embeddings without images, with a class.

They are written without a class, which a change then gives them: so a step back is short, and none
of them is ever taken out. They count where their class is there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.messages import NONE_OF_THESE, BundleClass, ClassId, ModelExamples
from engine.project_reading import chunks
from engine.project_records import MAX_HOTKEY, ImageClass, class_name_key, is_none_name
from engine.project_schema import has_table, make_room_for_examples


def read_model_examples(connection: sqlite3.Connection) -> ModelExamples | None:
    """The examples that came with a model and have a class that is there; None without any."""
    if not has_table(connection, "model_examples"):
        return None
    rows = connection.execute(
        "SELECT class_id, encoder, embedding, perceptual_hash FROM model_examples "
        "WHERE class_id = ? OR class_id IN (SELECT class_id FROM classes WHERE removed = 0) "
        "ORDER BY example_id",
        (NONE_OF_THESE,),
    ).fetchall()
    if not rows:
        return None
    # Of another encoder they may be longer or shorter; the shorter ones are filled up, since nobody
    # looks at those beside each other.
    embeddings = np.zeros((len(rows), max(len(row[2]) for row in rows) // 2), np.float16)
    for place, row in enumerate(rows):
        embeddings[place, : len(row[2]) // 2] = np.frombuffer(row[2], "<f2")
    arrays = (
        embeddings,
        np.array([row[0] for row in rows], np.int64),
        np.array([int.from_bytes(row[3], "big") for row in rows], np.uint64),
    )
    for array in arrays:
        array.setflags(write=False)
    return ModelExamples(*arrays, tuple(row[1] for row in rows))


def model_examples_of(connection: sqlite3.Connection, class_id: ClassId) -> list[int]:
    """The examples that came with a model and have that class."""
    if not has_table(connection, "model_examples"):
        return []
    rows = connection.execute(
        "SELECT example_id FROM model_examples WHERE class_id = ? ORDER BY example_id", (class_id,)
    )
    return [example for (example,) in rows]


def classes_of_examples(
    connection: sqlite3.Connection, examples: Iterable[int]
) -> dict[int, tuple[ClassId | None, str]]:
    """The class of each of ``examples``, and the model that they came with."""
    found: dict[int, tuple[ClassId | None, str]] = {}
    for chunk in chunks(list(examples)):
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT example_id, class_id, model FROM model_examples WHERE example_id IN ({marks})",
            chunk,
        )
        found.update(
            {row[0]: (None if row[1] is None else ClassId(row[1]), row[2]) for row in rows}
        )
    return found


def are_new(examples: ModelExamples, known: ModelExamples) -> list[bool]:
    """Of each of ``examples``, whether it is not among those that are ``known``."""
    size = examples.embeddings.shape[1]
    rows = {row.tobytes() for row in known.embeddings[:, :size]}
    return [row.tobytes() not in rows for row in examples.embeddings]


def keep(connection: sqlite3.Connection, model: str, examples: ModelExamples) -> list[int]:
    """Write examples without a class, within a transaction; return their numbers.

    Args:
        model: what a person calls the model that they came with.
    """
    make_room_for_examples(connection)
    numbers = []
    for embedding, bits, encoder in zip(
        examples.embeddings, examples.hashes.tolist(), examples.fingerprints, strict=True
    ):
        cursor = connection.execute(
            "INSERT INTO model_examples (model, encoder, embedding, perceptual_hash) "
            "VALUES (?, ?, ?, ?)",
            (model, encoder, embedding.astype("<f2").tobytes(), bits.to_bytes(8, "big")),
        )
        assert cursor.lastrowid is not None
        numbers.append(cursor.lastrowid)
    return numbers


def classes_to_teach(
    classes: Sequence[BundleClass],
    present: Sequence[ImageClass],
    new_class: Callable[[str, Sequence[ImageClass]], ImageClass],
) -> tuple[dict[ClassId, ClassId], tuple[ImageClass, ...]]:
    """Which class of a project each class of a model is, and those of them to be added.

    One of the same name is the same class. Colours and keys are the model's where they are free.

    Args:
        classes: of the model.
        present: of the project.
        new_class: makes one of a name, beside others that are added with it.
    """
    by_name = {class_name_key(item.name): item.class_id for item in present}
    keys = {item.hotkey for item in present}
    colours = {item.colour for item in present}
    wanted = {item.hotkey for item in classes} - keys  # Not to be dealt out to others.
    added: list[ImageClass] = []
    numbers = {NONE_OF_THESE: NONE_OF_THESE}
    for place, item in enumerate(classes):
        name = " ".join(item.name.split())
        if not name or is_none_name(name):
            numbers[ClassId(place)] = NONE_OF_THESE
            continue
        known = by_name.get(class_name_key(name))
        if known is None:
            made = new_class(name, added)
            key = item.hotkey
            if key is None or key in keys:
                key = min(set(range(1, MAX_HOTKEY + 1)) - keys - wanted, default=None)
            is_free = bool(item.colour) and item.colour not in colours
            colour = item.colour if is_free else made.colour
            made = replace(made, hotkey=key, colour=colour, note=item.note)
            keys.add(made.hotkey)
            colours.add(made.colour)
            added.append(made)
            known = by_name[class_name_key(name)] = made.class_id
        numbers[ClassId(place)] = known
    return numbers, tuple(added)
