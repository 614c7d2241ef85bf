"""A fitted classifier, and what it is the same for."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.jobs.support import without_negatives
from engine.jobs.workspace import Workspace
from engine.messages import ClassId, Effort, HeldOut, ImageRef, ModelExamples
from engine.method.adaptation import AdaptedModel
from engine.words import NOTHING, Sentence, say

NO_GAIN: Final = {
    Effort.THOROUGH: say("Trying harder did not help with these labels; the instant answers stay."),
    Effort.FINETUNE: say("Fine-tuning did not help with these labels and was not kept."),
}
NO_IMAGES_TO_LEARN_FROM: Final = say(
    "Fine-tuning was left out: it learns from images, and the examples that came with the model "
    "are none."
)
TUNING_GONE: Final = say("That fine-tuned network is gone; fine-tune again.")
IMAGE_GONE: Final = say(
    "A labelled image cannot be read any more, so no more was tried; the answers stay as they were."
)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted classifier.

    Attributes:
        model: its effort is what came of the one that was asked for: INSTANT where no more was
            gained.
        seen: the workspace whose embeddings it classifies.
        instant: the instant effort's held-out record on the same labels.
        thorough: the same of the vote without fine-tuning, where there was some.
        note: one sentence where the effort that was asked for was not kept, else empty.
    """

    model: AdaptedModel
    seen: Workspace
    instant: HeldOut | None
    thorough: HeldOut | None = None
    note: Sentence = NOTHING


def fit_key(
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    effort: Effort,
    borrowed: ModelExamples | None = None,
) -> Hashable:
    """What a fit of an effort is the same for.

    Fine-tuning learns from the examples of classes: it is not made again, for minutes, because an
    image without a label came or went, or because another shows none of the classes.
    """
    store = workspace.store
    if effort is not Effort.FINETUNE:
        examples = tuple(sorted((image.image_id, class_id) for image, class_id in support))
        return examples, store, store.version, workspace.shape_version, _digest(borrowed)
    examples = tuple(
        (image.image_id, class_id)
        for image, class_id in without_negatives(support)
        if image.image_id in store
    )
    learned_from = store.select(image_id for image_id, _ in examples).tobytes()
    return examples, store, hashlib.sha256(learned_from).digest()


def _digest(borrowed: ModelExamples | None) -> bytes:
    if borrowed is None:
        return b""
    content = borrowed.embeddings.tobytes() + borrowed.class_ids.tobytes()
    return hashlib.sha256(content).digest()
