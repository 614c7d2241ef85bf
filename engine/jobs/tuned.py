"""Fine-tuned networks of a workspace, and the vote behind one of them."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.jobs.finetuning import FineTuned as Learned
from engine.jobs.finetuning import finetune, why_not
from engine.jobs.fitted import IMAGE_GONE, TUNING_GONE, Fit, fit_key
from engine.jobs.support import examples_of, has_all
from engine.jobs.thorough import embed_again, fit_thoroughly, n_views_of, views_kept
from engine.jobs.workspace import Workspace
from engine.messages import ClassId, Effort, Event, HeldOut, ImageId, ImageRef
from engine.method.adaptation import AdaptedModel
from engine.words import NOTHING, Sentence, say


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """A fine-tuned network with which the folder was looked at.

    Attributes:
        learned: the network, and what speaks for it.
        seen: the workspace that embeds with it.
        made_of: the labels and images that it has learned from.
        labelled: these, in the order in which ``learned.judged`` counts them.
        classes: which class each of ``learned.guesses`` is.
    """

    learned: Learned
    seen: Workspace
    made_of: Hashable
    labelled: Sequence[tuple[ImageId, ClassId]]
    classes: Sequence[ClassId]

    @property
    def name(self) -> str:
        """What commands call it."""
        return self.learned.encoder.fingerprint


def tune(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    negatives: Sequence[ImageId],
    kept_in: Path | None = None,
) -> Generator[Event | None, None, Tuning | Sentence]:
    """Fine-tune and look at the folder again; or why not, empty where it did not help.

    Args:
        kept_in: where what is finished is kept, see ``jobs.finetuning.finetune``.
    """
    if refusal := workspace.runtime.encoder.training_refusal:
        return refusal
    made_of = fit_key(workspace, support, Effort.FINETUNE)
    readable = [item for item in support if item[0].image_id in workspace.store]
    mean = workspace.folder_shape().mean
    _, labels, groups = examples_of(workspace, readable, class_ids, mean)
    compact = np.unique(labels, return_inverse=True)[1]
    too_few = why_not(compact, groups)
    if too_few:
        return too_few
    examples = [
        (image, label) for (image, _), label in zip(readable, compact.tolist(), strict=True)
    ]
    unlabelled = workspace.store.image_ids() - {image.image_id for image, _ in support}
    rest = [workspace.refs[image_id] for image_id in sorted(unlabelled.difference(negatives))]
    n_views = n_views_of(workspace)
    learned = yield from finetune(workspace, request_id, examples, groups, rest, n_views, kept_in)
    if learned is None:
        return NOTHING
    shown = workspace.current
    kept = [] if shown is None else [shown.seen]
    workspace.fits.pop(Effort.FINETUNE, None)
    for name, other in list(workspace.tunings.items()):
        if other.seen not in kept:
            del workspace.tunings[name]
    workspace.drop_tuned(kept)
    encoder = learned.encoder
    seen = yield from workspace.on_pool(lambda: workspace.beside(encoder, viewed=n_views > 1))
    yield from embed_again(workspace, seen, request_id, say("Looking again, tuned"))
    labelled = [(image.image_id, class_id) for image, class_id in readable]
    classes = [class_ids[position] for position in np.unique(labels).tolist()]
    tuning = Tuning(learned, seen, made_of, labelled, classes)
    workspace.tunings[tuning.name] = tuning
    return tuning


def tuning_of(workspace: Workspace, made_of: Hashable) -> Tuning | None:
    """What was fine-tuned to the same labels of the same images."""
    tunings: Iterator[Tuning] = iter(workspace.tunings.values())
    return next((tuning for tuning in tunings if tuning.made_of == made_of), None)


def try_finetune(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    negatives: Sequence[ImageId],
    name: str,
) -> Generator[Event | None, None, Fit | Sentence]:
    """As :func:`try_thorough`; behind the network of that name, or one that is made now."""
    tuning: Tuning | None
    if name:
        tuning = workspace.tunings.get(name)
        if tuning is None:
            return TUNING_GONE
    else:
        made_of = fit_key(workspace, support, Effort.FINETUNE)
        tuning = tuning_of(workspace, made_of)
    if tuning is None:
        made = yield from tune(workspace, request_id, support, class_ids, negatives)
        if isinstance(made, Sentence):
            return made
        tuning = made
    else:  # Images may have come since.
        yield from embed_again(workspace, tuning.seen, request_id, say("Looking again, tuned"))
    seen, learned = tuning.seen, tuning.learned
    if not has_all(seen, workspace, support):
        return IMAGE_GONE
    model = yield from fit_thoroughly(workspace, seen, support, class_ids, negatives, judge=False)
    model = replace(
        model,
        effort=Effort.FINETUNE,
        kept=(say("fine-tuned encoder"), *views_kept(workspace), *model.kept),
        # The network has seen the labels: only its own folds can tell how right it is, how sure it
        # may be, and how far from the labelled images others lie.
        weights=np.float32(learned.factor) * model.weights,
        bias=np.float32(learned.factor) * model.bias,
        unknowns=model.unknowns.reaching(learned.reach),
        held_out=learned.held_out,
        held_out_losses=learned.held_out_losses,
        judged=learned.judged,
        guesses=learned.guesses,
        plain=None,  # Was not tried in those folds.
    )
    return _as_judged(tuning, model, seen, workspace, support, class_ids)


def _as_judged(
    tuning: Tuning,
    model: AdaptedModel,
    seen: Workspace,
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
) -> Fit:
    """The vote with what the folds said of those labels that are still as they were.

    Where some are not, the lesser efforts' figures, of all of them, are no longer beside it.
    """
    learned = tuning.learned
    readable = [
        (image.image_id, label) for image, label in support if image.image_id in workspace.store
    ]
    row_of = {item: row for row, item in enumerate(readable)}
    column_of = {class_ids[index]: column for column, index in enumerate(model.classes)}
    then = [tuning.labelled[row] for row in learned.judged.tolist()]
    guessed = [column_of.get(tuning.classes[guess]) for guess in learned.guesses.tolist()]
    stands = np.array(
        [item in row_of and guess is not None for item, guess in zip(then, guessed, strict=True)],
        bool,
    )
    judged = np.array([row_of[item] for item, kept in zip(then, stands, strict=True) if kept])
    guesses = np.array([guess for guess, kept in zip(guessed, stands, strict=True) if kept])
    model = replace(model, judged=judged.astype(np.int64), guesses=guesses.astype(np.int64))
    if stands.all():
        return Fit(model, seen, learned.instant, learned.before)
    losses = learned.held_out_losses[stands]
    held_out: HeldOut | None = None
    if len(losses):
        labels = np.array([column_of[readable[row][1]] for row in judged])
        counts, right = np.bincount(labels), np.bincount(labels, learned.held_out.hits[stands])
        confidences, hits = learned.held_out.confidences[stands], learned.held_out.hits[stands]
        for array in (confidences, hits):
            array.setflags(write=False)
        held_out = HeldOut(
            accuracy=float(np.mean(right[counts > 0] / counts[counts > 0])),
            log_loss=float(losses.mean()),
            confidences=confidences,
            hits=hits,
        )
    return Fit(replace(model, held_out=held_out, held_out_losses=losses), seen, None)
