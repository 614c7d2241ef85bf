"""TOML tables as flat dataclasses, with sentences that name the key."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import EngineError, sentence_for
from engine.words import say

Section = TypeVar("Section")

_NOUNS = {
    float: "a number",
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class RecipeError(Exception):
    """A clause that says which key is wrong, and how."""


def read_toml(path: Path) -> dict[str, Any]:
    """The table of a TOML file.

    Raises:
        EngineError: it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read the recipe"))) from error
    except UnicodeDecodeError as error:
        raise EngineError(say("{path} is not a text file in UTF-8.", path=path)) from error
    except tomllib.TOMLDecodeError as error:
        raise EngineError(
            say("{path} is no valid recipe: {error}.", path=path, error=str(error))
        ) from error


def section(base: Section, entry: object, where: str) -> Section:
    """``base``, a flat dataclass, with the values of a table in place of its own.

    Raises:
        RecipeError: an unknown key, or a value of another type.
    """
    table = typed(entry, dict, where)
    values = {field.name: getattr(base, field.name) for field in fields(base)}  # type: ignore[arg-type]
    refuse_unknown(table, set(values), where + ".")
    given = {key: typed(value, type(values[key]), f"{where}.{key}") for key, value in table.items()}
    return type(base)(**{**values, **given})


def typed(value: object, kind: type, where: str) -> Any:
    """``value`` as ``kind``; whole numbers are numbers too.

    Raises:
        RecipeError: it is something else.
    """
    if issubclass(kind, StrEnum):
        allowed = [str(member) for member in kind]
        if value not in allowed:
            raise RecipeError(f"{where} must be one of {', '.join(allowed)}, not {value!r}")
        return kind(str(value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise RecipeError(f"{where} must be {_NOUNS[kind]}, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise RecipeError(f"{where} must be a finite number, not {value!r}")
    return value


def refuse_unknown(table: Mapping[str, Any], known: set[str], where: str = "") -> None:
    """Say which key nobody knows.

    Raises:
        RecipeError: there is one.
    """
    for key in table:
        if key not in known:
            raise RecipeError(f"it has an unknown key, {where}{key}")
