"""The evaluation as a document: one text for the HTML file and the PDF, in markup that both take.

Qt's own reader of HTML, which makes the PDF, knows tables and simple styles and nothing newer.
"""

from __future__ import annotations

import html
import platform
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from PySide6.QtCore import QDateTime, QLocale, QObject, QRectF, QSize, qVersion
from PySide6.QtGui import QPainter

from app.evaluation.confusion import cell_colour
from app.evaluation.figures import Figures, interval_text, percent
from app.evaluation.label_review import LabelReview
from app.evaluation.spot_result import SpotResult
from app.look.plots import curve_text, paint_curve, paint_reliability, reliability_text
from app.look.theme import LIGHT, text_on
from app.look.words import listed
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine import Estimate, Evaluation, __version__
from engine.messages import NONE_OF_THESE, ClassId, ImageId, LabelsReviewed

_MAX_MISTAKES: Final = 12  # Shown as pictures.
_MAX_PAIRS: Final = 15
_MAX_DOUBTFUL: Final = 12
_PLOT_PX: Final = QSize(420, 250)
_REFERENCES: Final = (
    "E. B. Wilson, Probable inference, the law of succession, and statistical inference, "
    "J. Am. Stat. Assoc. 22, 1927.",
    "K. F. Y. Lam, V. Gopal, J. Qian, Confidence intervals for the F1 score: a comparison of four "
    "methods, arXiv 2309.14621, 2023.",
    "K. Takahashi, K. Yamamoto, A. Kuchiba, T. Koyama, Confidence interval for micro-averaged F1 "
    "and macro-averaged F1 scores, Applied Intelligence 52, 2022.",
    "M. P. Naeini, G. F. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using "
    "Bayesian binning, AAAI 2015.",
)


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


class Report(QObject):
    """All that the evaluation page says, at the moment when :meth:`to_html` is called."""

    def __init__(
        self,
        session: Session,
        figures: Figures,
        review: LabelReview,
        spot: Callable[[], SpotResult | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._figures = figures
        self._review = review
        self._spot = spot

    @property
    def title(self) -> str:
        """What the document is called."""
        project = self._session.project
        name = "" if project is None else project.folder.name
        return self.tr("Evaluation of {project}").format(project=name)

    def images(self) -> list[ImageId]:
        """The images of which thumbnails are shown."""
        doubtful = [item.image_id for item in self._review.doubtful[:_MAX_DOUBTFUL]]
        return list(dict.fromkeys([image for image, _, _ in self._mistakes()] + doubtful))

    def to_html(self, pictures: Pictures) -> str:
        """The document."""
        found, result = self._figures.evaluation, self._review.result
        parts = [
            f"<h1>{_text(self.title)}</h1>",
            self._about(),
            self._accuracy(result),
        ]
        if found is not None:
            parts += [
                self._classes(found),
                self._confusion(found, pictures.max_columns()),
                self._examples(pictures),
                self._calibration(found, pictures),
            ]
        parts += [
            self._curve(result, pictures),
            self._spot_check(),
            self._doubtful(result, pictures),
            self._duplicates(result),
            self._method(),
        ]
        return (
            f'<!DOCTYPE html>\n<html lang="{self.tr("en")}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{_text(self.title)}</title><style>{_STYLE}{pictures.style()}</style></head>"
            f"<body>{''.join(parts)}</body></html>\n"
        )

    # --- Parts ------------------------------------------------------------------------------------

    def _about(self) -> str:
        session, locale = self._session, QLocale()
        table, adapted = session.table, session.classifier.adapted
        labels = table.labels[~table.missing]
        n_none = int(np.count_nonzero(labels == NONE_OF_THESE))
        n_labels = int(np.count_nonzero(labels != NO_CLASS)) - n_none
        now = locale.toString(QDateTime.currentDateTime(), QLocale.FormatType.LongFormat)
        rows = [(self.tr("Date"), now)]
        if session.project is not None:
            rows.append((self.tr("Folder"), str(session.project.folder)))
        rows += [
            (self.tr("Images"), locale.toString(len(labels))),
            (self.tr("Classes"), locale.toString(len(session.classes))),
            (
                self.tr("Labels"),
                self.tr("{count}, and {none} of “none of these”").format(
                    count=locale.toString(n_labels), none=locale.toString(n_none)
                )
                if n_none
                else locale.toString(n_labels),
            ),
            (self.tr("Effort"), self._figures.effort_name()),
        ]
        if adapted is not None and adapted.kept:
            rows.append((self.tr("Classifier"), listed(adapted.kept)))
        if session.engine is not None:
            rows.append((self.tr("Encoder"), session.engine.encoder_name))
            rows.append((self.tr("Device"), session.engine.device))
        versions = f"Handful {__version__}, Qt {qVersion()}, Python {platform.python_version()}"
        rows.append((self.tr("Versions"), versions))
        return _rows([(f"<b>{_text(name)}</b>", _text(value)) for name, value in rows])

    def _accuracy(self, result: LabelsReviewed | None) -> str:
        figures = self._figures
        said = [figures.basis(), figures.not_judged(), figures.outlook(result)]
        if figures.is_waiting:
            said.insert(
                0, self.tr("Labels were changed while this was written; the figures are older.")
            )
        advice = "" if result is None else result.advice
        return (
            f"<h2>{_text(figures.headline())}</h2>"
            + _paragraphs(said)
            + (f"<p><b>{_text(advice)}</b></p>" if advice else "")
        )

    def _classes(self, found: Evaluation) -> str:
        locale, names = QLocale(), self._figures.class_name
        head = [
            self.tr("Class"),
            self.tr("Judged"),
            self.tr("Precision"),
            self.tr("Recall"),
            self.tr("F1"),
        ]
        lines = [
            [
                names(item.class_id),
                locale.toString(item.n_labels),
                *(_estimate(value) for value in (item.precision, item.recall, item.f1)),
            ]
            for item in found.classes
        ]
        lines.append(
            [
                self.tr("Mean of the classes"),
                locale.toString(found.n_held_out),
                *(_estimate(value) for value in (found.precision, found.accuracy, found.f1)),
            ]
        )
        return (
            f"<h2>{_text(self.tr('Classes'))}</h2>"
            + _paragraphs([self._figures.averages()])
            + _table(head, lines, n_words=1, is_last_bold=True)
        )

    def _confusion(self, found: Evaluation, max_columns: int) -> str:
        names, locale = self._figures.class_name, QLocale()
        text = f"<h2>{_text(self.tr('Confusion matrix'))}</h2>"
        n_classes = len(found.class_ids)
        if n_classes <= max_columns:
            text += _paragraphs(
                [
                    self.tr(
                        "Rows are the labels, columns what the images were taken for, numbered as "
                        "the rows are."
                    )
                ]
            )
            cells = ["<tr><td></td>"]
            cells += [f'<th align="center">{place + 1}</th>' for place in range(n_classes)]
            cells.append("</tr>")
            for row, class_id in enumerate(found.class_ids):
                cells.append(f'<tr><th align="left">{row + 1} {_text(names(class_id))}</th>')
                n_labels = max(found.classes[row].n_labels, 1)
                for column in range(n_classes):
                    count = int(found.confusion[row, column])
                    ground = cell_colour(LIGHT, count / n_labels, is_right=row == column).name()
                    ink = text_on(ground) if count else LIGHT.muted
                    number = locale.toString(count)
                    if row == column:
                        number = f"<b>{number}</b>"
                    cells.append(
                        f'<td align="center" bgcolor="{ground}" style="color:{ink}">{number}</td>'
                    )
                cells.append("</tr>")
            text += (
                '<div class="wide"><table class="matrix" cellspacing="1" cellpadding="5">'
                + "".join(cells)
                + "</table></div>"
            )
        else:
            text += _paragraphs(
                [self.tr("The matrix of so many classes is in the HTML report; here its mistakes.")]
            )
        pairs = _frequent_mistakes(found)
        if not pairs:
            return text + _paragraphs([self.tr("No held-out image was taken for another class.")])
        head = [self.tr("Most frequent mistakes: label"), self.tr("Taken for"), self.tr("Images")]
        lines = [
            [names(label), names(guess), locale.toString(count)] for label, guess, count in pairs
        ]
        return text + _table(head, lines, n_words=2)

    def _examples(self, pictures: Pictures) -> str:
        mistakes = self._mistakes()
        if not mistakes:
            return ""
        names, cards = self._figures.class_name, []
        for image, label, guess in mistakes:
            said = self.tr("{label}, taken for {predicted} ({percent} %)").format(
                label=names(label),
                predicted=names(guess),
                percent=percent(self._figures.confidence(image)),
            )
            cards.append(self._card(image, said, pictures))
        return f"<h2>{_text(self.tr('The surest mistakes'))}</h2>" + _grid(cards)

    def _calibration(self, found: Evaluation, pictures: Pictures) -> str:
        def paint(painter: QPainter, box: QRectF) -> None:
            paint_reliability(painter, box, found.bins, LIGHT)

        locale = QLocale()
        head = [self.tr("Confidence"), self.tr("Mean"), self.tr("Right"), self.tr("Labels")]
        lines = [
            [
                self.tr("{low} to {high} %").format(low=percent(item.low), high=percent(item.high)),
                self.tr("{percent} %").format(percent=percent(item.confidence)),
                interval_text(item.right),
                locale.toString(item.n),
            ]
            for item in found.bins
        ]
        return (
            f"<h2>{_text(self.tr('Can the confidences be believed?'))}</h2>"
            + _paragraphs([self._figures.calibration()])
            + pictures.drawing(paint, _PLOT_PX, reliability_text(found.bins))
            + _table(head, lines, n_words=1)
        )

    def _curve(self, result: LabelsReviewed | None, pictures: Pictures) -> str:
        points = () if result is None else result.curve
        if len(points) < 2:
            return ""

        def paint(painter: QPainter, box: QRectF) -> None:
            paint_curve(painter, box, points, LIGHT)

        head = [self.tr("Labels per class"), self.tr("Accuracy")]
        lines = [
            [
                QLocale().toString(point.labels_per_class, "f", 1),
                interval_text(Estimate(point.accuracy, point.low, point.high)),
            ]
            for point in points
        ]
        said = self.tr(
            "What the instant effort is expected to reach on the images without a label, with "
            "fewer labels of each class and with all; the band is the 95 % interval."
        )
        return (
            f"<h2>{_text(self.tr('Would more labels help?'))}</h2>"
            + _paragraphs([said])
            + pictures.drawing(paint, _PLOT_PX, curve_text(points))
            + _table(head, lines, n_words=1)
        )

    def _spot_check(self) -> str:
        result, table = self._spot(), self._session.table
        title = f"<h2>{_text(self.tr('Spot check'))}</h2>"
        if result is None:
            return title + _paragraphs([self.tr("There was no spot check yet.")])
        n_labels = int(np.count_nonzero((table.labels != NO_CLASS) & ~table.missing))
        drawn = self.tr(
            "Drawn at random from {count} predictions, whose confidences promised {percent} %."
        ).format(count=QLocale().toString(result.n_predictions), percent=percent(result.promised))
        return f"{title}<p><b>{_text(result.headline())}</b></p>" + _paragraphs(
            [result.when_text(n_labels), drawn]
        )

    def _doubtful(self, result: LabelsReviewed | None, pictures: Pictures) -> str:
        if result is None:
            return ""
        text = f"<h2>{_text(self.tr('Labels that look wrong'))}</h2>"
        doubtful = self._review.doubtful
        if not doubtful:
            said = self.tr("No label looks wrong.")
            if result.accuracy is None:
                said = self.tr("Too few labels to tell whether one of them is wrong.")
            return text + _paragraphs([said])
        names = self._figures.class_name
        cards = [
            self._card(
                item.image_id,
                self.tr("{label}, looks like {likely} ({percent} %)").format(
                    label=names(item.class_id),
                    likely=names(item.likely_id),
                    percent=percent(item.probability),
                ),
                pictures,
            )
            for item in doubtful[:_MAX_DOUBTFUL]
        ]
        if len(doubtful) > _MAX_DOUBTFUL:
            text += _paragraphs(
                [
                    self.tr("The {shown} most doubtful of {count}.").format(
                        shown=QLocale().toString(_MAX_DOUBTFUL),
                        count=QLocale().toString(len(doubtful)),
                    )
                ]
            )
        return text + _grid(cards)

    def _duplicates(self, result: LabelsReviewed | None) -> str:
        if result is None or not result.duplicates:
            return ""
        locale, groups = QLocale(), result.duplicates
        said = (
            self.tr(
                "1 group of {images} images that are nearly the same. They count as one label and "
                "are held out together."
            )
            if len(groups) == 1
            else self.tr(
                "{groups} groups of nearly the same images, {images} images together. Those of a "
                "group count as one label and are held out together."
            )
        ).format(groups=locale.toString(len(groups)), images=locale.toString(sum(map(len, groups))))
        return f"<h2>{_text(self.tr('Near-duplicates'))}</h2>" + _paragraphs([said])

    def _method(self) -> str:
        said = [
            self.tr(
                "Every labelled image was classified by a model that had not seen it: fitted "
                "without it and its near-duplicates (leave-one-out with the instant effort, five "
                "grouped folds with the others). Of near-duplicates with one label the first "
                "counts. Accuracy, precision, recall, F1, the matrix and the calibration all come "
                "from these predictions."
            ),
            self.tr(
                "Intervals hold the truth 95 times in 100. Those of shares, precision and recall "
                "are Wilson’s [1], that of F1 follows from Wilson’s for TP / (TP + FP + FN) [2], "
                "those of means over classes from the delta method [3]. Labelled images share "
                "their training images, so each counts as three quarters of an independent one."
            ),
            self.tr(
                "The calibration error is the mean distance of confidence and share right over "
                "bins of equal width, weighted by their sizes [4]; beside it stands what chance "
                "makes it where every confidence is true."
            ),
            self.tr(
                "The labels were chosen by a person, so they are no random sample of the folder; "
                "only the spot check is."
            ),
        ]
        references = "".join(
            f"<p class='small'>[{number}] {_text(item)}</p>"
            for number, item in enumerate(_REFERENCES, 1)
        )
        title = self.tr("How the figures were made")
        return f"<h2>{_text(title)}</h2>" + _paragraphs(said) + references

    # --- Pieces -----------------------------------------------------------------------------------

    def _card(self, image: ImageId, said: str, pictures: Pictures) -> str:
        table = self._session.table
        row = table.row_of(image)
        name = table.names[row] if row >= 0 else ""
        # An invisible place to break lines at, else long paths widen the column.
        breakable = _text(name).replace("/", "/&#8203;").replace("_", "_&#8203;")
        shown = pictures.thumbnail(image, name)
        return f"{shown}<br>{_text(said)}<br><span class='small'>{breakable}</span>"

    def _mistakes(self) -> list[tuple[ImageId, ClassId, ClassId]]:
        """The surest mistakes: image, label, what it was taken for."""
        told, found = self._figures.predictions, self._figures.evaluation
        if told is None or found is None:
            return []
        wrong = np.flatnonzero(
            (told.labels != told.predicted)
            & np.isin(told.labels, found.class_ids)
            & np.isin(told.predicted, found.class_ids)
        )
        order = wrong[np.argsort(-told.confidences[wrong], kind="stable")][:_MAX_MISTAKES]
        return [
            (
                ImageId(int(told.image_ids[row])),
                ClassId(int(told.labels[row])),
                ClassId(int(told.predicted[row])),
            )
            for row in order
        ]


def _frequent_mistakes(found: Evaluation) -> list[tuple[ClassId, ClassId, int]]:
    wrong = found.confusion * (1 - np.eye(len(found.class_ids), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MAX_PAIRS]
    pairs = [divmod(int(place), len(found.class_ids)) for place in order]
    return [
        (found.class_ids[row], found.class_ids[column], int(wrong[row, column]))
        for row, column in pairs
        if wrong[row, column]
    ]


def _text(text: str) -> str:
    return html.escape(text)


def _paragraphs(texts: Sequence[str]) -> str:
    return "".join(f"<p>{_text(text)}</p>" for text in texts if text)


def _estimate(estimate: Estimate | None) -> str:
    return "–" if estimate is None else interval_text(estimate)


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, as markup."""
    lines = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    return f'<table class="about" cellspacing="0" cellpadding="3">{lines}</table>'


def _table(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    n_words: int,
    is_last_bold: bool = False,
) -> str:
    """The first ``n_words`` columns are words, the others numbers."""

    def line(cells: Sequence[str], tag: str, ground: str) -> str:
        made = "".join(
            f'<{tag} align="{"left" if place < n_words else "right"}">{_text(cell)}</{tag}>'
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


def _grid(cards: Sequence[str], columns: int = 4) -> str:
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
