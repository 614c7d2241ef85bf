"""Why an image was suggested, in words that agree with the numbers beside it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication

from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import Suggestion

_SURE: Final = 0.9  # From here on the second class is not worth a word.


def reason_text(session: Session, suggestion: Suggestion) -> str:
    """A few words, as in ``Suggestion.why``.

    Two classes that were close when the image was chosen may be so no more: labels were given
    since, or the answers on screen come from another effort. Then the words are made of the
    probabilities in the table, which are those that the bars show.
    """
    table = session.table
    row = table.row_of(suggestion.image_id)
    if not suggestion.is_close_call or row < 0 or table.predicted[row, 1] == NO_CLASS:
        return suggestion.why
    first, second = (session.image_class(number) for number in table.predicted[row, :2].tolist())
    if first is None or second is None:  # A class was deleted; its prediction is about to go, too.
        return suggestion.why
    if table.is_unsure(row):
        text = _tr("between {first} and {second}")
    elif table.probabilities[row, 0] < _SURE:
        text = _tr("rather {first} than {second}")
    else:
        text = _tr("most likely {first}")
    return text.format(first=first.name, second=second.name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Reason", text)
