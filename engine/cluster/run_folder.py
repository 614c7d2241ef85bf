"""What lies beside the parts of a run, so that it can be gone on with: question, model, labels."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from engine.cluster.parts import is_part
from engine.cluster.storage import Storage
from engine.errors import EngineError, ExportError
from engine.images import DECODE_RULE_VERSION
from engine.version import VERSION
from engine.words import say

# Readers of folders of Parquet (Arrow, Spark, DuckDB) pass over what begins with an underscore.
_OWN: Final = "_handful"
_ABOUT: Final = f"{_OWN}/run.json"
MODEL: Final = f"{_OWN}/model.onnx"
_ATTEMPTS: Final = f"{_OWN}/attempts"
_FORMAT: Final = 1
# What a worker that was killed was writing.
_UNFINISHED: Final = re.compile(r"\.part-[0-9a-f]{32}\.parquet\.\d+\.part")


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked, and what workers need to know besides the model.

    Attributes:
        question: a digest of the images' address, the examples or the model, and the effort.
        images: the address that names are relative to.
        labels: what a person said of images, by their names.
        device: "auto", "cpu" or "cuda".
    """

    question: str
    images: str
    labels: Mapping[str, str]
    device: str


def question_of(images: str, what: bytes) -> str:
    """A digest of what was asked by this version of the program."""
    digest = hashlib.blake2b(digest_size=16)
    for item in (VERSION, DECODE_RULE_VERSION, images):
        digest.update(f"{item}\0".encode(errors="surrogateescape"))
    digest.update(what)
    return digest.hexdigest()


def question_in(out: Storage) -> str | None:
    """The question of the run that is in a folder, or None where none is.

    Raises:
        ExportError: there is something else in it.
    """
    names = out.names()
    if out.exists(_ABOUT):
        try:
            found = json.loads(out.read(_ABOUT))
            if found["format"] == _FORMAT:
                return str(found["question"])
        except (ValueError, TypeError, KeyError):
            pass
    elif all(name == _OWN or name.startswith(".") for name in names):
        return None  # Empty, or of a run that was killed before it began.
    raise ExportError(
        say(
            "Could not write {path}: there is something else in it, which is left as it is. "
            "Choose another folder.",
            path=out.address,
        )
    )


def begin(out: Storage, run: Run, model: bytes) -> None:
    """Write what workers read; ``run.json`` is last, so what has it is whole."""
    out.write(MODEL, model)
    out.write(_ABOUT, json.dumps({"format": _FORMAT, **asdict(run)}, ensure_ascii=False).encode())


def run_in(out: Storage) -> Run:
    """What :func:`begin` wrote.

    Raises:
        EngineError: it cannot be read.
    """
    try:
        found = json.loads(out.read(_ABOUT))
        return Run(found["question"], found["images"], found["labels"], found["device"])
    except (ValueError, TypeError, KeyError) as error:
        raise EngineError(
            say("{path} is damaged; choose another folder.", path=f"{out.address}/{_ABOUT}")
        ) from error


def parts_in(out: Storage) -> list[str]:
    """The names of the parts that are there."""
    return [name for name in out.names() if is_part(name)]


def forget(out: Storage) -> None:
    """Remove a run; what is not its own stays.

    ``run.json`` asks nothing from the beginning on, so that no part counts any more, and goes last:
    parts without it may be somebody's results, and are never removed.
    """
    out.write(_ABOUT, json.dumps({"format": _FORMAT, "question": ""}).encode())
    for name in out.names():
        if is_part(name) or _UNFINISHED.fullmatch(name):
            out.remove(name)
    forget_all_attempts(out)
    for name in (MODEL, _ABOUT):
        out.remove(name)
    for folder in (_ATTEMPTS, _OWN, ""):
        out.remove_empty(folder)


def note_attempt(out: Storage, part: str) -> bool:
    """Note that a part is begun; whether it was begun before and never ended well."""
    number = 0
    while out.exists(_attempt(part, number)):
        number += 1
    out.write(_attempt(part, number), b"\n")
    return number > 0


def forget_attempts(out: Storage, part: str) -> None:
    """The part is there."""
    number = 0
    while out.exists(_attempt(part, number)):
        out.remove(_attempt(part, number))
        number += 1


def forget_all_attempts(out: Storage) -> None:
    """No part is missing any more."""
    for name in out.names(_ATTEMPTS):
        out.remove(f"{_ATTEMPTS}/{name}")


def _attempt(part: str, number: int) -> str:
    return f"{_ATTEMPTS}/{part}.{number}"
