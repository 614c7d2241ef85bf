"""Which images cannot be read, and why: a hundred thousand of them take some megabytes."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from engine.columns import UNKNOWN, Places
from engine.image_cache import FileKey
from engine.messages import ImageId, ImageRef
from engine.words import Sentence

_NOT_THERE = 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why an image cannot be read, and a number for the file as it was when that was found."""

    reason: Sentence
    mark: int

    def still_holds_for(self, image: ImageRef) -> bool:
        """False where the file has changed since, or was not there: it may be readable now."""
        return self.mark != _NOT_THERE and self.mark == _mark_of(FileKey.of(image.path))


class UnreadableImages:
    """What was found of each, by image."""

    def __init__(self) -> None:
        self._places = Places()
        self._ids = array("q")
        self._reasons: list[Sentence] = []
        self._marks = array("q")

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._places

    def get(self, image_id: ImageId) -> Unreadable | None:
        """What was found of an image; None: nothing, so it may be readable."""
        place = self._places.get(image_id)
        return None if place == UNKNOWN else Unreadable(self._reasons[place], self._marks[place])

    def put(self, image_id: ImageId, reason: Sentence, key: FileKey | None) -> None:
        """An image cannot be read; ``key`` is its file as it is, None: it is not there."""
        place = self._places.get(image_id)
        if place == UNKNOWN:
            self._places.put(image_id, len(self._reasons))
            self._ids.append(image_id)
            self._reasons.append(reason)
            self._marks.append(_mark_of(key))
        else:
            self._reasons[place] = reason
            self._marks[place] = _mark_of(key)

    def pop(self, image_id: ImageId) -> None:
        """An image can be read, or is none any more."""
        place = self._places.pop(image_id)
        if place == UNKNOWN:
            return
        last = self._ids.pop(), self._reasons.pop(), self._marks.pop()
        if place < len(self._ids):  # The last one fills the gap.
            self._ids[place], self._reasons[place], self._marks[place] = last
            self._places.put(last[0], place)


def _mark_of(key: FileKey | None) -> int:
    return _NOT_THERE if key is None else hash(key)
