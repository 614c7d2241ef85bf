"""Whether images to evaluate on had a part in making a small network.

Told where it is known: from the configuration of its run, which lies beside the model, else from
the model's recipe. Of encoders ``encoder_training.seen`` tells.
"""

from __future__ import annotations

import json
from typing import Any, Final

from engine.errors import EngineError, sentence_for
from engine.metatraining.encoder_training.seen import entries_of, told_of_training
from engine.metatraining.meta_evaluation.images import OpenedSet, PixelImages
from engine.metatraining.meta_evaluation.methods import TrainedModel
from engine.metatraining.pixels import OMNIGLOT, omniglot_characters

_OMNIGLOT: Final = f"{OMNIGLOT}_"  # And the split: what ``load_pixels`` names its characters.


def trained_on(model: TrainedModel) -> list[dict[str, Any]] | None:
    """The data sets of the run that made ``model``; None where nothing beside it tells.

    Raises:
        EngineError: its configuration cannot be read.
    """
    path = model.config_path
    if not path.is_file():
        return None
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read")) from error
    except (ValueError, RecursionError) as error:
        raise EngineError(
            f"{path} is damaged; without it, all else about {model.source.name} can be measured."
        ) from error
    return entries_of(config, "data") or None


def seen_by_model(model: TrainedModel, item: OpenedSet, images: PixelImages) -> list[str]:
    """One sentence if ``model`` was trained on images of ``item``; else none.

    Args:
        model: a small network.
        item: the data set.
        images: of the data set, as ``model`` takes them.
    """
    if not model.is_trained:
        return []
    described = trained_on(model)
    subject = f"{model.source.name} was meta-trained"
    if described is None:
        recipe = model.recipe
        if not (recipe.episodes.turned_classes or recipe.validation.turned_classes):
            return []  # Then nothing tells whether the recipe's split is one of Omniglot's.
        described = [{"name": _OMNIGLOT + recipe.data.split}]
        subject = f"By its recipe {subject}"
    name = item.labelled.name
    for entry in described:
        if item.labelled.turned_classes and str(entry.get("name")).startswith(_OMNIGLOT):
            known = _shared_characters(item, str(entry["name"]).removeprefix(_OMNIGLOT))
            if known:
                return [told_of_training(subject, known, name)]
        elif entry.get("sha256") == images.sha256:
            return [told_of_training(subject, "the images", name)]
    return []


def _shared_characters(item: OpenedSet, split: str) -> str:
    """How many characters of ``item`` are those of ``split``, in words; empty for none."""
    assert item.drawings is not None
    asked = set(item.drawings.class_names)
    known = asked
    if split != item.split:
        try:
            known = asked.intersection(omniglot_characters(item.path, split))
        except EngineError:  # Nobody can tell: the folder does not list that split.
            return ""
    if known == asked:
        return "all characters"
    return f"{len(known):,} of the {len(asked):,} characters" if known else ""
