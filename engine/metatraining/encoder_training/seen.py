"""Whether images to measure on had a part in making an encoder: from the record in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.encoder.description import Encoder


def seen_by_encoder(encoder: Encoder, title: str, sets: Sequence[tuple[str, int]]) -> list[str]:
    """A sentence if an encoder or what it began with was trained on sets, one if chosen by sets.

    Args:
        encoder: with its record.
        title: what the sentences call it.
        sets: name and number of images, unreadable ones counted, of each data set.
    """
    records: list[Any] = []
    metadata: Any = encoder.metadata
    while isinstance(metadata, Mapping):
        records.append(metadata.get("meta_training"))
        metadata = metadata.get("start")

    def named(key: str) -> list[str]:
        known = [
            (entry.get("name"), entry.get("n_images"))
            for record in records
            for entry in entries_of(record, key)
        ]
        return [name for name, n_images in sets if (name, n_images) in known]

    trained = named("data")
    chosen = [name for name in named("validation") if name not in trained]
    told = []
    if trained:
        subject = f"{title} was meta-trained"
        told.append(told_of_training(subject, "the images", ", ".join(trained)))
    if chosen:
        told.append(
            f"How far {title} went from its start was chosen on the images of "
            f"{', '.join(chosen)}: its accuracy there may be a little too high."
        )
    return told


def told_of_training(subject: str, known: str, set_name: str) -> str:
    """The sentence on a model that knows what it is measured on."""
    return f"{subject} on {known} of {set_name}: its accuracy there says little about new classes."


def entries_of(described: Any, key: str) -> list[dict[str, Any]]:
    """The data sets under ``key`` of a run's record; none where there is no such list."""
    entries = described.get(key) if isinstance(described, Mapping) else None
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict)]
