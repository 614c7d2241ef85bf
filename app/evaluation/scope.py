"""What the accuracy of held-out labels speaks of, and what it cannot: strangers, empty classes.

Held-out labels are images of classes that have examples. What shows none of the classes, or one
that has no example yet, is predicted as one of the others, and no such figure knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale

from app.session.session import Session
from engine import wilson_interval

_MANY: Final = 0.05  # Of all predictions; some images of the classes always look like none.
_SEVERAL: Final = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """What is in the folder beside images of classes that have examples.

    Attributes:
        n_classes: all classes.
        empty: the names of those without an example.
        n_negatives: labels that say “none of these”.
        n_like_none: unlabelled images that look like none of the classes.
        n_predicted: all that have a prediction.
        n_judged: of ``n_negatives``, those that were judged as if they had no label.
        n_found: of those, what would be said to look like none of the classes.
    """

    n_classes: int = 0
    empty: tuple[str, ...] = ()
    n_negatives: int = 0
    n_like_none: int = 0
    n_predicted: int = 0
    n_judged: int = 0
    n_found: int = 0

    @classmethod
    def of(cls, session: Session) -> Scope:
        """As it is now."""
        table, adapted = session.table, session.classifier.adapted
        without = session.classifier.classes_without_examples()
        return cls(
            len(session.classes),
            tuple(item.name for item in session.classes if item.class_id in without),
            table.count_negatives(),
            int(np.count_nonzero(table.like_none)),
            int(np.count_nonzero(table.predicts)),
            0 if adapted is None else adapted.none_judged,
            0 if adapted is None else adapted.none_found,
        )

    @property
    def has_strangers(self) -> bool:
        """Whether the folder has images of no class, as far as can be told."""
        many = max(_SEVERAL, _MANY * self.n_predicted)
        return self.n_negatives > 0 or self.n_like_none >= many

    def short(self, *, is_compact: bool) -> str:
        """The accuracy as a pattern with ``percent``, ``low`` and ``high`` to be filled in."""
        if self.empty:
            text = (
                _tr("{percent} % right within {count} of {all} classes ({low} to {high} %)")
                if is_compact
                else _tr("About {percent} % right of {count} of {all} classes ({low} to {high} %)")
            )
            locale = QLocale()
            return (
                text.replace("{count}", locale.toString(self.n_classes - len(self.empty)))
            ).replace("{all}", locale.toString(self.n_classes))
        if self.has_strangers:
            return (
                _tr("{percent} % right within your classes ({low} to {high} %)")
                if is_compact
                else _tr("About {percent} % right of images of your classes ({low} to {high} %)")
            )
        return (
            _tr("{percent} % right ({low} to {high} %)")
            if is_compact
            else _tr("About {percent} % right on labels it had not seen ({low} to {high} %)")
        )

    def sentences(self) -> list[str]:
        """What the accuracy leaves out, whole sentences; none where it leaves nothing out."""
        said, locale = [], QLocale()
        if len(self.empty) == 1:
            said.append(
                _tr(
                    "The accuracy is that of the {count} classes that have examples: “{name}” has "
                    "none yet, so each of its images is predicted as another class."
                ).format(count=locale.toString(self.n_classes - 1), name=self.empty[0])
            )
        elif self.empty:
            said.append(
                _tr(
                    "The accuracy is that of the {count} classes that have examples: images of the "
                    "other {empty} are all predicted as one of these."
                ).format(
                    count=locale.toString(self.n_classes - len(self.empty)),
                    empty=locale.toString(len(self.empty)),
                )
            )
        if self.has_strangers:
            said += self._strangers()
        return said

    def _strangers(self) -> list[str]:
        locale = QLocale()
        said = [
            _tr(
                "The accuracy is that of images that show one of your classes. What shows none of "
                "them is not in it, and is predicted as one of them all the same; {count} "
                "unlabelled images look like none."
            ).format(count=locale.toString(self.n_like_none))
            if self.n_like_none != 1
            else _tr(
                "The accuracy is that of images that show one of your classes. What shows none of "
                "them is not in it, and is predicted as one of them all the same; 1 unlabelled "
                "image looks like none."
            )
        ]
        if not self.n_judged:
            said.append(_tr("How many of such images are found out, is not known."))
            return said
        low, high = wilson_interval(self.n_found, self.n_judged)
        said.append(
            _tr(
                "Of {judged} images labelled “none of these”, {found} would look like none of the "
                "classes had nobody labelled them ({low} to {high} %)."
            ).format(
                judged=locale.toString(self.n_judged),
                found=locale.toString(self.n_found),
                low=locale.toString(round(100 * low)),
                high=locale.toString(round(100 * high)),
            )
        )
        return said


def _tr(text: str) -> str:
    return QCoreApplication.translate("Figures", text)
