"""Images that cannot be read, and what is kept of them."""

from __future__ import annotations

import random

from engine.jobs.unreadable import UnreadableImages
from engine.messages import ImageId
from engine.words import Sentence, say


def test_it_is_a_dictionary_that_gives_back_what_was_taken_out() -> None:
    found, expected = UnreadableImages(), dict[ImageId, Sentence]()
    draws = random.Random(0)
    for step in range(3_000):
        number = ImageId(draws.randrange(-5, 40))
        if draws.random() < 0.5:
            expected[number] = say("reason {step}", step=step)
            found.put(number, expected[number], None)
        else:
            expected.pop(number, None)
            found.pop(number)
        assert len(found) == len(expected) == len(found._reasons) == len(found._marks)
        known = found.get(number)
        assert (known.reason if known else None) == expected.get(number)
    for number, reason in expected.items():
        known = found.get(number)
        assert known is not None
        assert known.reason == reason
        assert number in found
