"""What is said to somebody who used a command wrongly: one sentence, and where to read on."""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Sequence
from enum import Enum
from typing import Any

_NUMBERS = {int: "a whole number", float: "a number"}


def sentence_for(error: Any, arguments: Sequence[str]) -> str:
    """One sentence for a usage error of typer's.

    Its own are those of a library that changes: they name classes of Python where a person wants
    to know what may be written. So choices and ranges are told from the command's own signature.

    Args:
        error: a ``UsageError``.
        arguments: as typed, without the program's name.
    """
    text: str = error.message or error.format_message()
    context, parameter = error.ctx, getattr(error, "param", None)
    if hasattr(error, "possibilities") and hasattr(error, "option_name"):
        near = difflib.get_close_matches(error.option_name, error.possibilities or (), 1)
        text = f"{context.command_path} has no option {error.option_name}"
        text += f"; did you mean {near[0]}?" if near else "."
    elif text.startswith("No such command") and context is not None:
        known = list(context.command.commands)
        given = text.partition("'")[2].partition("'")[0]
        near = difflib.get_close_matches(given, known, 1)
        text = f"{context.command_path} has no command {given!r}; "
        text += f"did you mean {near[0]}?" if near else f"there are {_listed(known, 'and')}."
    elif text.startswith("Got unexpected extra argument") and context is not None:
        # "argument(s) (this that)" in one version of typer, "argument (this)" in another.
        extra = text.replace("argument(s)", "arguments").partition("(")[2].rpartition(")")[0]
        text = f"{context.command_path} takes nothing after what it was given: {extra}."
    elif parameter is not None and context is not None:
        if not error.message:
            text = f"{context.command_path} needs {_spelt(parameter)}."
        elif takes := _what_it_takes(context.command.callback, parameter.name):
            text = f"{_spelt(parameter)} takes {takes}{_given(parameter, arguments)}."
        else:
            text = error.format_message()
    return text if text.endswith((".", "?")) else f"{text}."


def _what_it_takes(callback: Any, name: str) -> str:
    """Choices or range by the signature of a command; empty where neither says anything."""
    hint = typing.get_type_hints(inspect.unwrap(callback), include_extras=True).get(name)
    kinds, limits = _parts_of(hint)
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum):
            return _listed([str(item.value) for item in kind], "or")
        if kind in _NUMBERS:
            low, high = (getattr(limits, end, None) for end in ("min", "max"))
            if low is not None and high is not None:
                return f"{_NUMBERS[kind]} from {low:g} to {high:g}"
            return _NUMBERS[kind] + (f", {low:g} or more" if low is not None else "")
    return ""


def _parts_of(hint: Any) -> tuple[list[Any], Any]:
    """The types that an annotation is made of, and typer's description of the parameter."""
    if typing.get_origin(hint) is typing.Annotated:
        inner, limits, *_ = typing.get_args(hint)
        return _parts_of(inner)[0], limits
    inside = [part for item in typing.get_args(hint) for part in _parts_of(item)[0]]
    return [hint, *inside], None


def _spelt(parameter: Any) -> str:
    """A parameter as it is typed: the longest of an option's names."""
    name: str = max(parameter.opts, key=len)
    return name if name.startswith("-") else name.upper()


def _given(parameter: Any, arguments: Sequence[str]) -> str:
    """What was typed for an option, where that can be told."""
    for place in range(len(arguments) - 1, -1, -1):
        option, sign, value = arguments[place].partition("=")
        if option in parameter.opts:
            following = arguments[place + 1 : place + 2]
            return f", not {(value if sign else ''.join(following))!r}"
    return ""


def _listed(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
