"""What the engine says, and numbers, in the person's language."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_type_hints

from PySide6.QtCore import QCoreApplication, QLocale

from engine import Sentence

ENGINE_CONTEXT: Final = "engine"
"""Under which the patterns of :func:`engine.words.say` stand in the translations."""

_T = TypeVar("_T")
_MNEMONIC: Final = re.compile(r"\s*\(&\w\)|&(?=\w)")
_CONVERSIONS: Final[dict[str, Callable[[object], str]]] = {"r": repr, "s": str, "a": ascii}


def told(text: str) -> str:
    """A sentence of the engine in the language now in use; any other text as it is.

    The result is a :class:`engine.Sentence` again where ``text`` was one, so that it can be told
    anew when another language is chosen.
    """
    if not isinstance(text, Sentence):
        return text
    pattern = QCoreApplication.translate(ENGINE_CONTEXT, text.template)
    if pattern == text.template:
        return text if text == text.english else text.worded(text.english)
    values = text.values
    return text.worded(_WORDS.vformat(pattern, (), values) if values else pattern)


def told_event(event: _T) -> _T:
    """A message of the engine with all its sentences in the language now in use."""
    kind: type = type(event)
    places = _sentences_in(kind)
    if not places:
        return event
    found: dict[str, Any] = {}
    for name in places:
        value = getattr(event, name)
        if isinstance(value, str):
            found[name] = told(value)
        elif isinstance(value, tuple):
            found[name] = tuple(
                told(item) if isinstance(item, str) else told_event(item) for item in value
            )
    return replace(event, **found)  # type: ignore[type-var]


def percent_of(percent: int) -> str:
    """A number of percent, as in "85 %"."""
    pattern = QCoreApplication.translate("Numbers", "{percent} %")
    return pattern.format(percent=QLocale().toString(percent))


def listed(parts: Iterable[str]) -> str:
    """Names one after the other, as in "cat, dog"."""
    pattern = QCoreApplication.translate("Lists", "{before}, {next}")
    whole = ""
    for number, part in enumerate(parts):
        whole = pattern.format(before=whole, next=part) if number else part
    return whole


def without_mnemonic(text: str) -> str:
    """The text of an action without its underlined letter, "(&F)" of East Asian menus included."""
    return _MNEMONIC.sub("", text)


@cache
def _sentences_in(kind: type) -> tuple[str, ...]:
    """The fields of a message that hold sentences, or messages that do."""
    if not is_dataclass(kind):
        return ()
    hints = get_type_hints(kind)
    return tuple(item.name for item in fields(kind) if _holds_sentence(hints[item.name]))


def _holds_sentence(hint: Any) -> bool:
    if hint is Sentence:
        return True
    if isinstance(hint, type) and is_dataclass(hint):
        return False  # No message holds another one but in a tuple.
    return any(
        item is Sentence or (isinstance(item, type) and bool(_sentences_in(item)))
        for item in get_args(hint)
    )


class _Words(string.Formatter):
    """``str.format`` with sentences translated and numbers written as the reader's country does."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs[str(key)]

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return value if conversion is None else _CONVERSIONS[conversion](value)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            return str.__str__(told(value))
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int) and not format_spec:
            return QLocale().toString(value)
        if isinstance(value, float) and re.fullmatch(r"\.\d+f", format_spec):
            return QLocale().toString(value, "f", int(format_spec[1:-1]))
        return format(value, format_spec)


_WORDS: Final = _Words()
