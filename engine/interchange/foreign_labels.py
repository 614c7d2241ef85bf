"""From what another program's file says to one label per image of the project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.class_list import MAX_LETTERS, tidy_name
from engine.errors import LabelsError, sentence_for
from engine.interchange.formats.interface import Foreign, ForeignLabel, Reader
from engine.interchange.formats.registry import format_of_key, recognise
from engine.interchange.matching import ImageMatcher, Match, NameAndFile
from engine.interchange.reading import unpacked
from engine.messages import (
    NONE_NAME,
    FoundBy,
    ImageId,
    LabelsRead,
    ReadLabels,
    UnmatchedLabel,
    WhyUnmatched,
)
from engine.project import class_name_key, is_none_name, is_text
from engine.words import Sentence, say


def read_and_match(command: ReadLabels, report: Callable[[int, int], None]) -> LabelsRead:
    """Do what :class:`engine.messages.ReadLabels` asks for; any thread, minutes where it is much.

    Args:
        report: is told how many labels have been looked for and how many there are, 0 of 0 while
            the file is read; what it raises ends the work.

    Raises:
        LabelsError: the file cannot be read, or is of no known format, in one sentence.
    """
    with unpacked(command.path) as place:
        try:
            known = format_of_key(command.format_key) if command.format_key else recognise(place)
            if known.read is None:
                raise LabelsError(
                    say("{title} is a format that is only written.", title=known.title)
                )
            report(0, 0)
            foreign = _read(known.read, place)
        except LabelsError as error:
            if place == command.path:
                raise
            raise LabelsError(_told_of(error.sentence, place, command.path)) from error
        total = len(foreign.labels)
        matcher = ImageMatcher(command.images, command.folder)
        found = matcher.match(foreign.labels, lambda done: report(done, total))
    return _sorted_out(command, known.title, foreign, found)


def _read(read: Reader, place: Path) -> Foreign:
    """What a reader gives; it may have a file before it that means harm."""
    try:
        return read(place)
    except RecursionError as error:  # As deep as JSON may just be nested.
        raise LabelsError(say("{path} is not JSON, or it is damaged.", path=place)) from error
    except OSError as error:
        raise LabelsError(sentence_for(error, place, say("read"))) from error


def _told_of(sentence: Sentence, place: Path, path: Path) -> Sentence:
    """A sentence about an archive, and not about where it was unpacked for a moment."""
    values = {
        name: path / value.relative_to(place)
        if isinstance(value, Path) and value.is_relative_to(place)
        else value
        for name, value in sentence.values.items()
    }
    return Sentence(sentence.template, values) if values else sentence


def _sorted_out(
    command: ReadLabels, title: str, foreign: Foreign, found: Mapping[NameAndFile, Match]
) -> LabelsRead:
    """Take one label for each image; tell of all that could not be taken."""
    names: dict[str, int] = {}
    spelt: dict[str, str] = {}  # By the key of a name, how it was written first.
    unmatched: list[UnmatchedLabel] = []
    given: dict[ImageId, list[_Given]] = {}
    ways: dict[ImageId, FoundBy] = {}
    for item in foreign.labels:
        match = found[item.name, item.path]
        label = tidy_name(item.label)
        why = match.why
        if not label or len(label) > MAX_LETTERS or not is_text(label):
            why = WhyUnmatched.NAME
        if why is not None or match.image is None or match.found_by is None:
            unmatched.append(_unmatched(item, why or WhyUnmatched.NOWHERE))
            continue
        label = NONE_NAME if is_none_name(label) else label
        label = spelt.setdefault(class_name_key(label), label)
        given.setdefault(match.image.image_id, []).append(_Given(item, label))
        ways[match.image.image_id] = match.found_by
    image_ids: list[int] = []
    numbers: list[int] = []
    is_predicted: list[bool] = []
    counts: Counter[FoundBy] = Counter()
    for image_id, said in given.items():
        by_person = [one for one in said if not one.item.is_machine]
        counting = by_person or said
        if len({one.label for one in counting}) > 1:
            unmatched += [_unmatched(one.item, WhyUnmatched.LABELS) for one in counting]
            continue
        image_ids.append(image_id)
        numbers.append(names.setdefault(counting[0].label, len(names)))
        is_predicted.append(not by_person)
        counts[ways[image_id]] += 1
    arrays = (
        np.array(image_ids, np.int64),
        np.array(numbers, np.int32),
        np.array(is_predicted, np.bool_),
    )
    for array in arrays:
        array.setflags(write=False)
    return LabelsRead(
        command.request_id,
        command.path,
        title,
        tuple(names),
        *arrays,
        tuple((way, counts[way]) for way in FoundBy if counts[way]),
        tuple(unmatched),
        foreign.notices,
    )


@dataclass(frozen=True, slots=True)
class _Given:
    item: ForeignLabel
    label: str


def _unmatched(item: ForeignLabel, why: WhyUnmatched) -> UnmatchedLabel:
    return UnmatchedLabel(item.name, item.label, item.where, why)
