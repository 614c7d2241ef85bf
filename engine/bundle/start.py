"""What labelling goes on from: a bundle's classes, as they looked, and its labelled examples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bundle.contents import MODEL, SIGNATURE, SUPPORT
from engine.bundle.place import is_zip, opened_bundle
from engine.bundle.support import KeptSupport
from engine.errors import EngineError
from engine.interchange.reading import read_json
from engine.messages import BundleClass, ModelExamples
from engine.project import is_text
from engine.words import say


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What there is to go on from.

    Attributes:
        path: the bundle: its folder or zip file.
        title: what a person calls it.
        classes: in the order of the model's outputs.
        support: its labels are positions in ``classes``.
        was_tuned: the bundle's own model looks through another network than the examples were
            seen with.
    """

    path: Path
    title: str
    classes: tuple[BundleClass, ...]
    support: KeptSupport
    was_tuned: bool

    @property
    def examples(self) -> ModelExamples:
        """The labelled examples; ``class_ids`` are positions in ``classes``."""
        kept = self.support
        fingerprints = (kept.fingerprint,) * len(kept.labels)
        return ModelExamples(kept.embeddings, kept.labels, kept.hashes, fingerprints)


def read_start(path: Path) -> Start:
    """Read a bundle's examples; its model is not run.

    Args:
        path: its folder, its zip file, or a file in its folder.

    Raises:
        EngineError: there is no bundle, or it is damaged, or keeps no examples.
    """
    if not path.exists():
        raise EngineError(say("There is no bundle {path}.", path=path))
    if path.is_file() and not is_zip(path) and (path.parent / MODEL).is_file():
        path = path.parent
    with opened_bundle(path) as folder:
        if not (folder / SUPPORT).is_file():
            raise EngineError(
                say(
                    "{path} keeps no examples ({name} is missing), so labelling cannot go on from "
                    "it; images can still be classified with it.",
                    path=path,
                    name=SUPPORT,
                )
            )
        support = KeptSupport.read(folder / SUPPORT, path)
        signature = read_json(folder / SIGNATURE) if (folder / SIGNATURE).is_file() else {}
    known = signature if isinstance(signature, dict) else {}
    encoder = known.get("encoder")
    seen_with = encoder.get("fingerprint") if isinstance(encoder, dict) else None
    looks = known.get("class_looks")
    by_name = {
        item["name"]: item
        for item in (looks if isinstance(looks, list) else [])
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    }
    title = path.stem if is_zip(path) else path.resolve().name
    return Start(
        path,
        title,
        tuple(_class_of(name, by_name.get(name, {})) for name in support.class_names),
        support,
        was_tuned=isinstance(seen_with, str) and seen_with != support.fingerprint,
    )


def _class_of(name: str, look: dict[str, Any]) -> BundleClass:
    """The file may be anybody's: what does not fit is left out."""
    colour, hotkey, note = look.get("colour"), look.get("hotkey"), look.get("note")
    is_colour = isinstance(colour, str) and len(colour) == 7 and colour.startswith("#")
    is_colour = is_colour and all(digit in "0123456789abcdefABCDEF" for digit in str(colour)[1:])
    keys = (*range(1, 10), *range(ord("A"), ord("Z") + 1))
    return BundleClass(
        name,
        str(colour) if is_colour else "",
        hotkey if isinstance(hotkey, int) and hotkey in keys else None,
        note if isinstance(note, str) and is_text(note) else "",
    )
