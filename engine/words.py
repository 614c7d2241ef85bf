"""Sentences for a person that can still be said in another language.

The engine speaks English and knows no other language. What it says to the window is a
:class:`Sentence`: a string like any other (logs, tables and the command line need nothing new) that
also remembers the pattern and the values it was made from, so that whoever shows it can look the
pattern up in a translation and write the numbers as the reader's country does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Sentence(str):
    """A sentence, or part of one, in words for a person.

    ``str(sentence)`` is the sentence itself, also where it went through an exception
    (``str(error)``); an f-string makes a plain string of it, so put it into another sentence as a
    value of :func:`say`.

    Attributes:
        template: the English pattern, in the notation of ``str.format``.
        values: what stands for the names in it; sentences among them are translated, too.
        english: the English text.
    """

    template: str
    values: Mapping[str, object]
    english: str

    def __new__(
        cls,
        template: str,
        values: Mapping[str, object] | None = None,
        text: str | None = None,
        english: str | None = None,
    ) -> Sentence:
        """Make a sentence.

        Args:
            template, values: see the attributes. No values: the template is the text.
            text: what it reads as now, where that is not the pattern with its values.
            english: the English text, where that is not ``text``.
        """
        known = dict(values or {})
        if text is None:
            text = template.format(**known) if known else template
        made = super().__new__(cls, text)
        made.template = template
        made.values = MappingProxyType(known)
        made.english = text if english is None else english
        return made

    def __str__(self) -> str:
        return self

    def __getnewargs__(self) -> tuple[str, dict[str, object], str, str]:  # type: ignore[override]
        return self.template, dict(self.values), str.__str__(self), self.english

    def __reduce__(self) -> tuple[object, ...]:
        return Sentence, self.__getnewargs__()

    def to_json(self) -> dict[str, object]:
        """Pattern and values as JSON has them, for another process of this program."""
        values = {
            name: value.to_json()
            if isinstance(value, Sentence)
            else value
            if isinstance(value, str | int | float)
            else str(value)
            for name, value in self.values.items()
        }
        return {"template": self.template, "values": values}

    @classmethod
    def from_json(cls, made: object) -> Sentence:
        """What ``to_json`` made.

        Raises:
            ValueError: it is something else.
        """
        match made:
            case {"template": str(template), "values": dict(values)}:
                known = {
                    name: cls.from_json(value) if isinstance(value, dict) else value
                    for name, value in values.items()
                }
                try:
                    return cls(template, known)
                except (KeyError, IndexError) as error:
                    raise ValueError(f"{template!r} lacks the value {error}") from error
            case _:
                raise ValueError(f"{made!r} is no sentence")

    def worded(self, text: str) -> Sentence:
        """The same sentence, reading ``text`` from now on."""
        return Sentence(self.template, self.values, text, self.english)


def say(template: str, /, **values: object) -> Sentence:
    """A sentence from an English pattern and the values in it.

    The pattern is a literal at every call, so that it can be found for translation
    (``packaging/translate.py``), and a whole sentence wherever possible: other
    languages have other orders of words. One thing and many need a pattern each. Errors among the
    values count as what they say.
    """
    said = {
        name: str(value) if isinstance(value, BaseException) else value
        for name, value in values.items()
    }
    return Sentence(template, said)


def sentence_of(text: str) -> Sentence:
    """Any text as a sentence; what :func:`say` did not make stays the same in all languages."""
    return text if isinstance(text, Sentence) else Sentence(text, None)


NOTHING: Final = Sentence("")
"""No sentence."""


def size_words(n_bytes: int) -> Sentence:
    """A size as a person reads it, as in "2.7 MB": decimal units, as file managers count."""
    if n_bytes < 1000:
        return say("{count} bytes", count=n_bytes)
    if n_bytes < 999_950:
        return say("{size:.1f} kB", size=n_bytes / 1e3)
    if n_bytes < 999_950_000:
        return say("{size:.1f} MB", size=n_bytes / 1e6)
    if n_bytes < 999_950_000_000:
        return say("{size:.1f} GB", size=n_bytes / 1e9)
    return say("{size:.1f} TB", size=n_bytes / 1e12)
