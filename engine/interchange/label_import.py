"""What taking labels in would change, before anything is changed; and the one change it is."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.class_list import MAX_CLASSES
from engine.interchange.cells import safe_label, safe_name, text_of
from engine.interchange.writing import class_folder
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ImageId,
    LabelsRead,
    UnmatchedLabel,
    WhyUnmatched,
)
from engine.project import Change, ImageClass, Project, class_name_key
from engine.words import NOTHING, Sentence, say


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What would become of labels that were read, with the choices that were made.

    Attributes:
        fresh: names of classes that would be made, in the order of the file.
        new: images without a label that would get one, by the name of its class.
        changing: images that a person labelled otherwise here, and what the file says; they change
            only where ``is_replacing``.
        n_equal: images that have that label already.
        n_predicted: labels of a machine that could be taken, all in all.
        is_replacing: the file's word counts where a person's here is another.
        refusal: why none of it can be done, empty where it can.
        renamed: names of the file that are a class's folder, as Handful calls it, and the class.
        differing: what a person's label here is and what the file says instead, and of how many
            images of ``changing``; most first.
    """

    fresh: tuple[str, ...]
    new: Mapping[ImageId, str]
    changing: Mapping[ImageId, str]
    n_equal: int
    n_predicted: int
    is_replacing: bool
    refusal: Sentence = NOTHING
    renamed: tuple[tuple[str, str], ...] = ()
    differing: tuple[tuple[str, str, int], ...] = ()

    @property
    def n_taken(self) -> int:
        """How many images would get another label than they have."""
        return len(self.new) + (len(self.changing) if self.is_replacing else 0)


def plan_import(
    read: LabelsRead,
    labels: Mapping[ImageId, ClassId],
    classes: Sequence[ImageClass],
    *,
    with_predictions: bool = False,
    is_replacing: bool = False,
) -> ImportPlan:
    """Hold what was read against the project as it is now.

    Args:
        read: what was read.
        labels: of the project's images, those of ``read`` at least.
        classes: the project's.
        with_predictions: a machine's labels count, too, but never against a person's.
        is_replacing: see ImportPlan.
    """
    known = {class_name_key(item.name): item.class_id for item in classes}
    known[class_name_key(NONE_NAME)] = NONE_OF_THESE
    class_of = [known.get(class_name_key(name)) for name in read.names]
    by_id = {item.class_id: item.name for item in classes} | {NONE_OF_THESE: str(NONE_NAME)}
    names = list(read.names)
    folders = _classes_by_folder(classes)
    renamed: list[tuple[str, str]] = []
    for number, name in enumerate(names):
        found = folders.get(class_name_key(name))
        if class_of[number] is None and found is not None:
            renamed.append((name, found.name))
            names[number], class_of[number] = found.name, found.class_id
    differing: Counter[tuple[str, str]] = Counter()
    new: dict[ImageId, str] = {}
    changing: dict[ImageId, str] = {}
    n_equal = n_predicted = 0
    for image, number, is_predicted in zip(
        read.image_ids.tolist(), read.numbers.tolist(), read.is_predicted.tolist(), strict=True
    ):
        label = labels.get(ImageId(image))
        if is_predicted:
            n_predicted += label is None
            if not with_predictions or label is not None:
                continue
        if label is None:
            new[ImageId(image)] = names[number]
        elif label == class_of[number]:
            n_equal += 1
        else:
            changing[ImageId(image)] = names[number]
            differing[by_id.get(label, ""), names[number]] += 1
    used = {*new.values(), *(changing.values() if is_replacing else ())}
    fresh = tuple(
        name
        for name, class_id in zip(names, class_of, strict=True)
        if class_id is None and name in used
    )
    refusal = NOTHING
    if len(classes) + len(fresh) > MAX_CLASSES:
        refusal = say(
            "{path} would make {count:,} classes; a project may have {most:,}.",
            path=read.path.name,
            count=len(fresh),
            most=MAX_CLASSES,
        )
    return ImportPlan(
        fresh,
        new,
        changing,
        n_equal,
        n_predicted,
        is_replacing,
        refusal,
        tuple(renamed),
        tuple((mine, theirs, count) for (mine, theirs), count in differing.most_common()),
    )


def _classes_by_folder(classes: Sequence[ImageClass]) -> dict[str, ImageClass]:
    """By the key of the folder's name that its images are exported to; where only one has it."""
    found: dict[str, list[ImageClass]] = {}
    for item in classes:
        found.setdefault(class_name_key(class_folder(item.name)), []).append(item)
    return {name: items[0] for name, items in found.items() if len(items) == 1}


def import_change(plan: ImportPlan, project: Project) -> Change:
    """The change that takes the labels in and makes the classes for them, in one step."""
    made = project.new_classes(plan.fresh)
    ids = {class_name_key(item.name): item.class_id for item in (*project.classes(), *made)}
    ids[class_name_key(NONE_NAME)] = NONE_OF_THESE
    taken = {**plan.new, **(plan.changing if plan.is_replacing else {})}
    labels: dict[ImageId, ClassId | None] = {
        image: ids[class_name_key(name)] for image, name in taken.items()
    }
    action = say("Import {count} labels", count=len(labels))
    return Change(say("Import 1 label") if len(labels) == 1 else action, labels, tuple(made))


def why_text(why: WhyUnmatched) -> Sentence:
    """Why a label could not be taken, in a few words."""
    match why:
        case WhyUnmatched.NOWHERE:
            return say("no image is called so or has the same content")
        case WhyUnmatched.SEVERAL:
            return say("several images of the project may be meant")
        case WhyUnmatched.CONTESTED:
            return say("another name in the file means the same image")
        case WhyUnmatched.LABELS:
            return say("the file gives the image several labels")
        case WhyUnmatched.NAME:
            return say("the label is empty, too long or no text, so no class can be called so")


def unmatched_table(
    unmatched: Sequence[UnmatchedLabel], differing: Sequence[tuple[str, str, str]] = ()
) -> bytes:
    """The list as CSV in UTF-8, with a mark for Excel: file_name, label, place, reason.

    Args:
        unmatched: labels that could not be taken.
        differing: images that keep the project's label: name, label of the file, label kept.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["file_name", "label", "place", "reason"])
    writer.writerows(
        [
            safe_name(text_of(item.name)),
            safe_label(text_of(item.label)),
            item.where,
            why_text(item.why),
        ]
        for item in unmatched
    )
    writer.writerows(
        [
            safe_name(text_of(name)),
            safe_label(text_of(theirs)),
            "",
            say("your label “{name}” was kept", name=mine),
        ]
        for name, theirs, mine in differing
    )
    return out.getvalue().encode("utf-8-sig")
