"""Whether images to measure on had a part in making an encoder: from the record in its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.encoder.encoder_file import Encoder


def seen_by_encoder(encoder: Encoder, title: str, set_name: str, n_images: int) -> list[str]:
    """One sentence if an encoder or what it began with was trained on a set, or chosen by it.

    Else none.

    Args:
        encoder: with its record.
        title: what the sentence calls it.
        set_name: of the data set.
        n_images: of the data set, unreadable ones counted.
    """
    records: list[Any] = []
    metadata: Any = encoder.metadata
    while isinstance(metadata, Mapping):
        records.append(metadata.get("meta_training"))
        metadata = metadata.get("start")

    def names_it(key: str) -> bool:
        return any(
            (entry.get("name"), entry.get("n_images")) == (set_name, n_images)
            for record in records
            for entry in entries_of(record, key)
        )

    if names_it("data"):
        return [told_of_training(f"{title} was meta-trained", "the images", set_name)]
    if names_it("validation"):
        return [
            f"How far {title} went from its start was chosen on the images of {set_name}: its "
            "accuracy there may be a little too high."
        ]
    return []


def told_of_training(subject: str, known: str, set_name: str) -> str:
    """The sentence on a model that knows what it is measured on."""
    return f"{subject} on {known} of {set_name}: its accuracy there says little about new classes."


def entries_of(described: Any, key: str) -> list[dict[str, Any]]:
    """The data sets under ``key`` of a run's record; none where there is no such list."""
    entries = described.get(key) if isinstance(described, Mapping) else None
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict)]
