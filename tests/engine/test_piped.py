"""A command that another program drives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine import run_command_line
from engine.errors import EngineError
from engine.messages import Progress
from engine.piped import JsonProgress
from engine.words import Sentence, say

ROOT = Path(__file__).parents[2]
WATCHING = """
from engine.piped import give_way, watched_input
import os, sys, time
give_way()
with watched_input(True) as has_ended:
    print("watching", has_ended(), flush=True)
    while not has_ended():
        time.sleep(0.01)
    print("ended", os.nice(0) if hasattr(os, "nice") else 10, flush=True)
"""


def test_progress_is_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show = JsonProgress()
    show(Progress(0, "Reading", 1, 9, 2.0, 4.0))
    show(Progress(0, "Reading", 2, 9, 2.0, 3.5))  # A moment later: nobody reads so fast.
    for step in (1, 2):  # Every step of a curve comes.
        show(Progress(0, "Training", step, 5, 1.0, 3.0, (("loss", 0.5), ("accuracy", 0.75))))
    show(Progress(0, "Training", 5, 5, 1.0, 0.0))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["text"], line["done"]) for line in lines] == [
        ("Reading", 1),
        ("Training", 1),
        ("Training", 2),
        ("Training", 5),
    ]
    assert lines[1]["measured"] == {"loss": 0.5, "accuracy": 0.75}
    assert "measured" not in lines[3]
    assert (lines[0]["total"], lines[0]["rate_per_s"], lines[0]["seconds_left"]) == (9, 2.0, 4.0)


def test_a_sentence_is_told_with_its_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    show = JsonProgress()
    show(Progress(0, say("Reading {name}", name="pets"), 1, 9, 2.0, 4.0))
    show.fail(EngineError(say("There is no file {model}.", model=Path("a.onnx"))))
    show.tell(say("Stopped with a checkpoint in {folder}.", folder=Path("run")))
    progress, failure, sentence = (
        json.loads(line) for line in capsys.readouterr().err.splitlines()
    )
    assert progress["text"] == "Reading pets"
    assert progress["sentence"] == {"template": "Reading {name}", "values": {"name": "pets"}}
    assert Sentence.from_json(failure["error"]) == "There is no file a.onnx."
    assert Sentence.from_json(sentence["told"]) == sentence["text"]
    assert sentence["told"]["template"] == "Stopped with a checkpoint in {folder}."


def test_why_it_ends_is_told_to_who_drives_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # That would be for all tests.
    monkeypatch.setattr("engine.cli.meta_train.give_way", lambda: None)
    recipe, out = tmp_path / "recipe.toml", tmp_path / "run"
    recipe.write_text("name = ")
    arguments = ["meta-train", str(recipe), "--data", str(tmp_path), "--out", str(out)]
    assert run_command_line([*arguments, "--estimate", "--piped"]) == 1
    at_once, first, second = capsys.readouterr().err.splitlines()
    assert json.loads(at_once)["text"] == "Loading torch, which takes some seconds"
    told = Sentence.from_json(json.loads(first)["error"])
    assert told.template == "{path} is no valid recipe: {error}."
    assert second.endswith(told)


def test_it_ends_when_who_drives_it_is_no_more() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHING],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "watching False\n"
    process.stdin.close()
    told = process.stdout.readline().split()
    assert told[0] == "ended"
    assert int(told[1]) >= 10 or sys.platform == "win32"  # It gives way to others.
    assert process.wait(60) == 0
    process.stdout.close()
