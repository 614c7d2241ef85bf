"""How the report is laid out: paragraphs, tables, the matrix, in markup for a browser and for Qt.

Qt's own reader of HTML, which makes the PDF, knows tables and simple styles and nothing newer.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from PySide6.QtCore import QLocale, QRectF, QSize
from PySide6.QtGui import QPainter

from app.evaluation.confusion import cell_colour
from app.look.theme import LIGHT, text_on
from engine import Evaluation
from engine.messages import ImageId

_STYLE: Final = f"""
body {{ color: {LIGHT.text}; background-color: {LIGHT.surface}; }}
h1 {{ font-size: 24px; }}
h2 {{ font-size: 17px; margin-top: 26px; }}
p {{ margin: 6px 0; }}
.small {{ font-size: 11px; color: {LIGHT.muted}; }}
.about td {{ padding-right: 18px; vertical-align: top; }}
table {{ border-collapse: collapse; margin: 8px 0; }}
table.numbers th, table.numbers td {{ border-bottom: 1px solid {LIGHT.border}; }}
table.matrix {{ border-collapse: separate; }}
table.pictures td {{ font-size: 12px; }}
"""


class Pictures(Protocol):
    """How a document holds its drawings and photographs; each answers with markup."""

    def drawing(self, paint: Callable[[QPainter, QRectF], None], size: QSize, text: str) -> str:
        """Something that is painted; ``text`` says the same in words."""

    def thumbnail(self, image: ImageId, text: str) -> str:
        """A small picture of an image, empty where there is none."""

    def max_columns(self) -> int:
        """How many columns of numbers there is room for."""

    def style(self) -> str:
        """What is to be added to the style sheet."""


def document(title: str, language: str, style: str, parts: Sequence[str]) -> str:
    """The whole document; ``language`` is its code, ``style`` is added to the style sheet."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{_STYLE}{style}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def text(words: str) -> str:
    """Words, none of which is taken for markup; a percent sign stays with its number."""
    return html.escape(words).replace(" %", "&nbsp;%")


def paragraphs(texts: Sequence[str]) -> str:
    """A paragraph for each text that is not empty."""
    return "".join(f"<p>{text(words)}</p>" for words in texts if words)


def rows(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, as markup."""
    lines = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    return f'<table class="about" cellspacing="0" cellpadding="3">{lines}</table>'


def table(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    n_words: int,
    is_last_bold: bool = False,
) -> str:
    """The first ``n_words`` columns are words, the others numbers."""

    def line(cells: Sequence[str], tag: str, ground: str) -> str:
        made = "".join(
            f'<{tag} align="{"left" if place < n_words else "right"}">{text(cell)}</{tag}>'
            for place, cell in enumerate(cells)
        )
        return f'<tr bgcolor="{ground}">{made}</tr>'

    body = [line(head, "th", LIGHT.sunken)]
    for number, cells in enumerate(lines):
        is_bold = is_last_bold and number == len(lines) - 1
        body.append(line(cells, "th" if is_bold else "td", LIGHT.surface))
    return (
        '<div class="wide"><table class="numbers" cellspacing="0" cellpadding="4" width="100%">'
        + "".join(body)
        + "</table></div>"
    )


def matrix(found: Evaluation, names: Sequence[str]) -> str:
    """The confusion matrix, its columns numbered as its rows are."""
    locale, n_classes = QLocale(), len(found.class_ids)
    cells = ["<tr><td></td>"]
    cells += [f'<th align="center">{place + 1}</th>' for place in range(n_classes)]
    cells.append("</tr>")
    for row, name in enumerate(names):
        cells.append(f'<tr><th align="left">{row + 1} {text(name)}</th>')
        n_labels = max(found.classes[row].n_labels, 1)
        for column in range(n_classes):
            count = int(found.confusion[row, column])
            ground = cell_colour(LIGHT, count / n_labels, is_right=row == column).name()
            ink = text_on(ground) if count else LIGHT.muted
            number = locale.toString(count)
            if row == column:
                number = f"<b>{number}</b>"
            cells.append(f'<td align="center" bgcolor="{ground}" style="color:{ink}">{number}</td>')
        cells.append("</tr>")
    return (
        '<div class="wide"><table class="matrix" cellspacing="1" cellpadding="5">'
        + "".join(cells)
        + "</table></div>"
    )


def card(picture: str, said: str, name: str) -> str:
    """A picture, what is said of it and its name, for :func:`grid`."""
    # An invisible place to break lines at, else long paths widen the column.
    breakable = text(name).replace("/", "/&#8203;").replace("_", "_&#8203;")
    return f"{picture}<br>{text(said)}<br><span class='small'>{breakable}</span>"


def grid(cards: Sequence[str], columns: int = 4) -> str:
    """Pictures with words, four side by side."""
    made = []
    for start in range(0, len(cards), columns):
        some = [*cards[start : start + columns]]
        some += [""] * (columns - len(some))
        cells = "".join(f'<td width="{100 // columns}%" valign="top">{item}</td>' for item in some)
        made.append(f"<tr>{cells}</tr>")
    return (
        '<table class="pictures" cellspacing="0" cellpadding="6" width="100%">'
        + "".join(made)
        + "</table>"
    )
