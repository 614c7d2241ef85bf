"""Sentences are strings, and remember what they were made from."""

from __future__ import annotations

import json
import pickle
import sqlite3
from pathlib import Path

import pytest

from engine.errors import EngineError, sentence_for
from engine.messages import ClassId, ImageId
from engine.project import Project
from engine.words import Sentence, say, sentence_of, size_words


def test_a_sentence_is_its_english_text_everywhere() -> None:
    sentence = say("{count} images in “{name}”", count=3, name="cats")
    assert sentence == "3 images in “cats”"
    assert f"{sentence}." == "3 images in “cats”."
    assert json.loads(json.dumps({"said": sentence})) == {"said": "3 images in “cats”"}
    (stored,) = sqlite3.connect(":memory:").execute("SELECT ?", (sentence,)).fetchone()
    assert stored == sentence
    assert {sentence: 1}["3 images in “cats”"] == 1


def test_it_stays_a_sentence_through_an_error() -> None:
    error = EngineError(say("{name} is empty.", name="a.png"))
    for said in (str(error), error.sentence):
        assert isinstance(said, Sentence)
        assert (said.template, dict(said.values)) == ("{name} is empty.", {"name": "a.png"})
    outer = say("It failed: {error}", error=error)
    assert outer == "It failed: a.png is empty."
    assert isinstance(outer.values["error"], Sentence)


def test_it_survives_pickling_and_other_words() -> None:
    sentence = say("{count} images", count=1200).worded("1 200 Bilder")
    again = pickle.loads(pickle.dumps(sentence))
    assert (again, again.english, again.values["count"]) == ("1 200 Bilder", "1200 images", 1200)
    assert again.worded("x").english == "1200 images"


def test_any_text_can_be_a_sentence_and_braces_in_it_mean_nothing() -> None:
    assert sentence_of("no {field} here") == "no {field} here"
    sentence = say("x")
    assert sentence_of(sentence) is sentence


def test_a_failed_file_operation_is_one_sentence_with_all_its_parts(tmp_path: Path) -> None:
    said = sentence_for(PermissionError(13, "Permission denied"), tmp_path, say("write"))
    assert said == f"Could not write {tmp_path}: permission was denied."
    doing, reason = said.values["doing"], said.values["reason"]
    assert isinstance(doing, Sentence)
    assert isinstance(reason, Sentence)


def test_the_name_of_an_edit_says_how_many_images(tmp_path: Path) -> None:
    project = Project.for_folder(tmp_path, tmp_path / "elsewhere")
    for images, template in (
        ([ImageId(1)], "Label 1 image"),
        ([ImageId(1), ImageId(2)], "Label {count} images"),
    ):
        action = project.relabel(images, ClassId(1)).action
        assert isinstance(action, Sentence)
        assert action.template == template
    project.close()


def test_a_sentence_goes_to_another_process_and_back() -> None:
    inner = say("the disk is full")
    sentence = say("Could not write {path}: {reason}.", path=Path("a b"), reason=inner)
    back = Sentence.from_json(json.loads(json.dumps(sentence.to_json())))
    assert back == sentence
    assert back.template == sentence.template
    reason = back.values["reason"]
    assert isinstance(reason, Sentence)
    assert reason.template == "the disk is full"
    counted = Sentence.from_json(say("{count:.2f} of {all}", count=0.5, all=3).to_json())
    assert counted == "0.50 of 3"


@pytest.mark.parametrize(
    "other", ["text", None, {"template": "a"}, {"template": "{name}", "values": {"a": 1}}]
)
def test_what_is_no_sentence_is_refused(other: object) -> None:
    with pytest.raises(ValueError, match=r"sentence|lacks"):
        Sentence.from_json(other)


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (2_712_000, "2.7 MB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_960_000, "1.0 GB"),
        (3_000_000_000_000, "3.0 TB"),
    ],
)
def test_a_size_is_never_none_of_a_large_unit(n_bytes: int, said: str) -> None:
    assert size_words(n_bytes) == said
    room = say("{free} left", free=size_words(n_bytes))
    assert isinstance(room.values["free"], Sentence)  # So that it is said in the other language.
