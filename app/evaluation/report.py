"""The evaluation as a document, what is said in it: one text for the HTML file and the PDF."""

from __future__ import annotations

import platform
from typing import Final

import numpy as np
from PySide6.QtCore import QDateTime, QLocale, QObject, QRectF, QSize, qVersion
from PySide6.QtGui import QPainter

from app.evaluation import report_markup as markup
from app.evaluation.advice import advice
from app.evaluation.figures import Figures, interval_text, percent
from app.evaluation.label_review import LabelReview
from app.evaluation.report_markup import Pictures
from app.look.plots import curve_text, paint_curve, paint_reliability, reliability_text
from app.look.theme import LIGHT
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


class Report(QObject):
    """All that the evaluation page says, at the moment when :meth:`to_html` is called."""

    def __init__(
        self,
        session: Session,
        figures: Figures,
        review: LabelReview,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._figures = figures
        self._review = review

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
            f"<h1>{markup.text(self.title)}</h1>",
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
            self._duplicates(),
            self._method(),
        ]
        return markup.document(self.title, self.tr("en"), pictures.style(), parts)

    # --- Parts ------------------------------------------------------------------------------------

    def _about(self) -> str:
        session, locale = self._session, QLocale()
        table = session.table
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
        if session.engine is not None:
            rows.append((self.tr("Encoder"), session.engine.encoder_name))
            rows.append((self.tr("Device"), session.engine.device))
        versions = f"Handful {__version__}, Qt {qVersion()}, Python {platform.python_version()}"
        rows.append((self.tr("Versions"), versions))
        return markup.rows(
            [(f"<b>{markup.text(name)}</b>", markup.text(value)) for name, value in rows]
        )

    def _accuracy(self, result: LabelsReviewed | None) -> str:
        figures = self._figures
        said = [figures.verdict(), figures.left_out(), figures.basis(), figures.not_judged()]
        if figures.is_waiting:
            said.insert(
                0, self.tr("Labels were changed while this was written; the figures are older.")
            )
        advised = advice(self._session, figures, result).text
        checked = figures.spot_headline()
        return (
            f"<h2>{markup.text(figures.headline())}</h2>"
            + (f"<h2>{markup.text(checked)}</h2>" if checked else "")
            + markup.paragraphs(said)
            + (f"<p><b>{markup.text(advised)}</b></p>" if advised else "")
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
            f"<h2>{markup.text(self.tr('Classes'))}</h2>"
            + markup.paragraphs([self._figures.averages()])
            + markup.table(head, lines, n_words=1, is_last_bold=True)
        )

    def _confusion(self, found: Evaluation, max_columns: int) -> str:
        names, locale = self._figures.class_name, QLocale()
        text = f"<h2>{markup.text(self.tr('Confusion matrix'))}</h2>"
        n_classes = len(found.class_ids)
        if n_classes <= max_columns:
            text += markup.paragraphs(
                [
                    self.tr(
                        "Rows are the labels, columns what the images were taken for, numbered as "
                        "the rows are."
                    )
                ]
            )
            text += markup.matrix(found, [names(item) for item in found.class_ids])
        else:
            text += markup.paragraphs(
                [self.tr("The matrix of so many classes is in the HTML report; here its mistakes.")]
            )
        pairs = _frequent_mistakes(found)
        if not pairs:
            return text + markup.paragraphs(
                [self.tr("No held-out image was taken for another class.")]
            )
        head = [self.tr("Most frequent mistakes: label"), self.tr("Taken for"), self.tr("Images")]
        lines = [
            [names(label), names(guess), locale.toString(count)] for label, guess, count in pairs
        ]
        return text + markup.table(head, lines, n_words=2)

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
        return f"<h2>{markup.text(self.tr('The surest mistakes'))}</h2>" + markup.grid(cards)

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
            f"<h2>{markup.text(self.tr('Can the confidences be believed?'))}</h2>"
            + markup.paragraphs([self._figures.calibration()])
            + pictures.drawing(paint, _PLOT_PX, reliability_text(found.bins))
            + markup.table(head, lines, n_words=1)
        )

    def _curve(self, result: LabelsReviewed | None, pictures: Pictures) -> str:
        points = self._figures.curve(result)
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
        return (
            f"<h2>{markup.text(self.tr('Would more labels help?'))}</h2>"
            + markup.paragraphs([self._figures.curve_note(result)])
            + pictures.drawing(paint, _PLOT_PX, curve_text(points))
            + markup.table(head, lines, n_words=1)
        )

    def _spot_check(self) -> str:
        result, table = self._figures.last_spot_check(), self._session.table
        title = f"<h2>{markup.text(self.tr('Spot check'))}</h2>"
        if result is None:
            return title + markup.paragraphs([self.tr("There was no spot check yet.")])
        n_labels = int(np.count_nonzero((table.labels != NO_CLASS) & ~table.missing))
        drawn = self.tr(
            "Drawn at random from {count} predictions, whose confidences promised {percent} %."
        ).format(count=QLocale().toString(result.n_predictions), percent=percent(result.promised))
        return f"{title}<p><b>{markup.text(result.headline())}</b></p>" + markup.paragraphs(
            [result.when_text(n_labels), drawn]
        )

    def _doubtful(self, result: LabelsReviewed | None, pictures: Pictures) -> str:
        if result is None:
            return ""
        text = f"<h2>{markup.text(self.tr('Labels that look wrong'))}</h2>"
        doubtful = self._review.doubtful
        if not doubtful:
            said = self.tr("No label looks wrong.")
            if result.accuracy is None:
                said = self.tr("Too few labels to tell whether one of them is wrong.")
            return text + markup.paragraphs([said])
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
            text += markup.paragraphs(
                [
                    self.tr("The {shown} most doubtful of {count}.").format(
                        shown=QLocale().toString(_MAX_DOUBTFUL),
                        count=QLocale().toString(len(doubtful)),
                    )
                ]
            )
        return text + markup.grid(cards)

    def _duplicates(self) -> str:
        locale, groups = QLocale(), self._session.table.groups_of_rows()
        if not groups:
            return ""
        said = (
            self.tr(
                "1 group of {images} images: copies, a burst or near-duplicates. Labelled near-"
                "duplicates count as one label and are held out together."
            )
            if len(groups) == 1
            else self.tr(
                "{groups} groups of copies, bursts and near-duplicates, {images} images together. "
                "Labelled near-duplicates count as one label and are held out together."
            )
        ).format(groups=locale.toString(len(groups)), images=locale.toString(sum(map(len, groups))))
        title = self.tr("Copies, bursts and near-duplicates")
        return f"<h2>{markup.text(title)}</h2>" + markup.paragraphs([said])

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
                "The curve was measured with the instant effort, fitted to a few labels of each "
                "class drawn at random and judged on the others; it is shown through the accuracy "
                "of the answers on screen, the odds of being right keeping their ratios."
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
            self._figures.calibration_details(),
            self.tr(
                "The labels were chosen by a person, so they are no random sample of the folder; "
                "only the spot check is."
            ),
        ]
        adapted = self._session.classifier.adapted
        if adapted is not None and adapted.kept:
            went_in = self.tr("What went into the classifier: {kept}.")
            said.append(went_in.format(kept=listed(adapted.kept)))
        references = "".join(
            f"<p class='small'>[{number}] {markup.text(item)}</p>"
            for number, item in enumerate(_REFERENCES, 1)
        )
        title = self.tr("How the figures were made")
        return f"<h2>{markup.text(title)}</h2>" + markup.paragraphs(said) + references

    # --- Pieces -----------------------------------------------------------------------------------

    def _card(self, image: ImageId, said: str, pictures: Pictures) -> str:
        table = self._session.table
        row = table.row_of(image)
        name = table.names[row] if row >= 0 else ""
        return markup.card(pictures.thumbnail(image, name), said, name)

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


def _estimate(estimate: Estimate | None) -> str:
    return "–" if estimate is None else interval_text(estimate)
