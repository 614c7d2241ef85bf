"""Writing the report: a self-contained HTML file or a PDF, whole under its name or not at all."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QIODevice,
    QLocale,
    QMarginsF,
    QObject,
    QRectF,
    QSaveFile,
    QSize,
    QSizeF,
    Qt,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QImage,
    QImageWriter,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtSvg import QSvgGenerator

from app.evaluation.label_review import LabelReview
from app.evaluation.report import Report
from app.gallery.thumbnails import Thumbnails
from app.look.theme import LIGHT
from app.session.session import Session
from engine.messages import ImageId

PDF_SUFFIX: Final = ".pdf"
HTML_SUFFIX: Final = ".html"
_THUMBNAIL_PX: Final = 160
_QUALITY: Final = 85
_WAIT_MS: Final = 4000  # For review and thumbnails; without them it is written all the same.
_DOTS_PER_INCH: Final = 300
_MARGIN_MM: Final = 16.0
_PX_PER_INCH: Final = 96.0
_FONT_PX: Final = 12
_FOOT_PX: Final = 28.0
_LEAST_ROOM: Final = 0.3  # Of a page, for the beginning of a section that is longer than one.
_HEADING: Final = "<h2>"
_HEADING_ON_NEW_PAGE: Final = '<h2 style="page-break-before:always">'
_SHARP: Final = 3  # Pixels of a drawing in the PDF, for each of the page's.


class ReportFile(QObject):
    """Writes a report once the review and the thumbnails that it shows are there.

    Signals:
        saved: the path that was written.
        failed: one sentence.
    """

    saved = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        review: LabelReview,
        report: Report,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._report = report
        self._review = review
        self._path: Path | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._write)
        thumbnails.arrived.connect(self._on_arrived)
        review.changed.connect(self._on_arrived)
        session.project_changed.connect(self._give_up)

    def save(self, path: Path) -> None:
        """Write to ``path``: a PDF where it ends so, else HTML."""
        self._path = path
        self._timer.start()
        self._on_arrived()

    def _missing(self) -> list[ImageId]:
        table = self._session.table
        return [
            image
            for image in self._report.images()
            if (row := table.row_of(image)) >= 0
            and not table.unreadable[row]
            and self._thumbnails.pixmap(image) is None
        ]

    def _on_arrived(self) -> None:
        if self._path is None or self._review.is_waiting:
            return
        rows = [self._session.table.row_of(image) for image in self._missing()]
        if rows:
            self._thumbnails.want_too(rows)
        else:
            self._write()

    def _give_up(self) -> None:
        self._timer.stop()
        self._path = None

    def _write(self) -> None:
        path = self._path
        self._give_up()
        if path is None:
            return
        file = QSaveFile(str(path))
        if file.open(QIODevice.OpenModeFlag.WriteOnly):
            if path.suffix.lower() == PDF_SUFFIX:
                write_pdf(self._report, self._thumbnails, file)
            else:
                text = self._report.to_html(_InHtml(self._thumbnails))
                file.write(QByteArray(text.encode("utf-8")))
            if file.commit():  # Synced, then renamed.
                self.saved.emit(path)
                return
        self.failed.emit(
            self.tr("The report could not be written to {path}: {reason}.").format(
                path=path, reason=file.errorString()
            )
        )


def write_pdf(report: Report, thumbnails: Thumbnails, device: QIODevice) -> None:
    """Lay the report out on pages of the size that is usual where the person lives."""
    writer = QPdfWriter(device)
    writer.setResolution(_DOTS_PER_INCH)
    writer.setTitle(report.title)
    writer.setCreator("Handful")
    imperial = QLocale().measurementSystem() == QLocale.MeasurementSystem.ImperialUSSystem
    size = QPageSize.PageSizeId.Letter if imperial else QPageSize.PageSizeId.A4
    writer.setPageSize(QPageSize(size))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    scale = _DOTS_PER_INCH / _PX_PER_INCH
    page = QSizeF(writer.width() / scale, writer.height() / scale)
    body = QSizeF(page.width(), page.height() - _FOOT_PX)
    document = QTextDocument()
    font = QFont()
    font.setPixelSize(_FONT_PX)
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    _lay_out(document, report.to_html(_InPdf(thumbnails, document)), body)
    painter = QPainter(writer)
    painter.scale(scale, scale)
    n_pages = document.pageCount()
    for number in range(n_pages):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(0, -number * body.height())
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor(LIGHT.text))  # Whatever the theme is.
        context.palette = palette
        context.clip = QRectF(0, number * body.height(), body.width(), body.height())
        painter.setClipRect(context.clip)
        document.documentLayout().draw(painter, context)
        painter.restore()
        painter.setFont(font)
        painter.setPen(QColor(LIGHT.muted))
        foot = QRectF(0, body.height() + 8, page.width(), _FOOT_PX - 8)
        painter.drawText(
            foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, report.title
        )
        locale = QLocale()
        count = _tr("Page {page} of {pages}").format(
            page=locale.toString(number + 1), pages=locale.toString(n_pages)
        )
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, count)
    painter.end()


def _lay_out(document: QTextDocument, text: str, size: QSizeF) -> None:
    """Fill pages of ``size``; a section that would be torn and fits on a page begins a new one.

    Qt's layout breaks pages only where it is told to. It is told in the text and begins anew each
    time: a format changed afterwards left parts of the document without a place.
    """
    parts = text.split(_HEADING)  # That of a section follows each cut.
    breaks: set[int] = set()
    while True:
        joined = parts[0] + "".join(
            (_HEADING_ON_NEW_PAGE if number in breaks else _HEADING) + part
            for number, part in enumerate(parts[1:])
        )
        document.setHtml(joined)
        document.setPageSize(size)
        torn = _first_torn(document, breaks)
        if torn is None:
            return
        breaks.add(torn)


def _first_torn(document: QTextDocument, breaks: set[int]) -> int | None:
    layout, height = document.documentLayout(), document.pageSize().height()
    spans: list[tuple[float, float]] = []  # Where each section begins and ends.
    block = document.begin()
    while block.isValid():
        rect = layout.blockBoundingRect(block)
        if block.blockFormat().headingLevel() == 2:
            spans.append((rect.top(), rect.bottom()))
        elif spans:
            spans[-1] = spans[-1][0], max(spans[-1][1], rect.bottom())
        block = block.next()
    for number, (top, end) in enumerate(spans):
        room = height - top % height
        is_torn = end - top > room
        if (
            number not in breaks
            and is_torn
            and (end - top <= height or room < _LEAST_ROOM * height)
        ):
            return number
    return None


class _InHtml:
    """Drawings as SVG in the text, photographs as data."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails

    def drawing(self, paint: Callable[[QPainter, QRectF], None], size: QSize, text: str) -> str:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        painter = QPainter(generator)
        painter.setFont(_drawing_font())
        paint(painter, QRectF(0, 0, size.width(), size.height()))
        painter.end()
        drawn = bytes(buffer.data().data()).decode("utf-8")
        drawn = drawn[drawn.index("<svg") :].replace(
            "<svg ", f'<svg role="img" aria-label="{html.escape(text)}" ', 1
        )
        return f"<p>{drawn}</p>"

    def thumbnail(self, image: ImageId, text: str) -> str:
        pixels = self._thumbnails.pixmap(image)
        if pixels is None or pixels.isNull():
            return ""
        small = _small(pixels.toImage())
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QImageWriter(buffer, b"jpeg")
        writer.setQuality(_QUALITY)
        writer.write(small)
        data = base64.b64encode(buffer.data().data()).decode("ascii")
        return f'<img alt="{html.escape(text)}" src="data:image/jpeg;base64,{data}">'

    def max_columns(self) -> int:
        return 10_000  # It is scrolled.

    def style(self) -> str:
        return (
            'body { font-family: system-ui, "Noto Sans", "Segoe UI", sans-serif; max-width: 60em; '
            "margin: 2em auto; padding: 0 1.5em; line-height: 1.45; }"
            ".wide { overflow-x: auto; } table.matrix td { min-width: 26px; }"
            "img, svg { max-width: 100%; }"
        )


class _InPdf:
    """Drawings and photographs as resources of the document, in more pixels than the page has."""

    def __init__(self, thumbnails: Thumbnails, document: QTextDocument) -> None:
        self._thumbnails = thumbnails
        self._document = document
        self._n_added = 0

    def drawing(self, paint: Callable[[QPainter, QRectF], None], size: QSize, text: str) -> str:
        pixels = QImage(size * _SHARP, QImage.Format.Format_RGB32)
        pixels.fill(QColor(LIGHT.surface))
        painter = QPainter(pixels)
        painter.scale(_SHARP, _SHARP)
        painter.setFont(_drawing_font())
        paint(painter, QRectF(0, 0, size.width(), size.height()))
        painter.end()
        return f"<p>{self._add(pixels, size)}</p>"

    def thumbnail(self, image: ImageId, text: str) -> str:
        pixels = self._thumbnails.pixmap(image)
        if pixels is None or pixels.isNull():
            return ""
        small = pixels.toImage()
        small.setDevicePixelRatio(1.0)
        shown = small.size().scaled(
            QSize(_THUMBNAIL_PX, _THUMBNAIL_PX * 3 // 4), Qt.AspectRatioMode.KeepAspectRatio
        )
        return self._add(small, shown)

    def max_columns(self) -> int:
        return 16

    def style(self) -> str:
        return "body { margin: 0; } h2 { margin-bottom: 4px; }"

    def _add(self, pixels: QImage, size: QSize) -> str:
        name = f"picture:{self._n_added}"
        self._n_added += 1
        self._document.addResource(
            int(QTextDocument.ResourceType.ImageResource.value), QUrl(name), pixels
        )
        return f'<img src="{name}" width="{size.width()}" height="{size.height()}">'


def _tr(text: str) -> str:
    return QCoreApplication.translate("Report", text)


def _drawing_font() -> QFont:
    font = QFont()
    font.setPixelSize(_FONT_PX)
    return font


def _small(pixels: QImage) -> QImage:
    pixels.setDevicePixelRatio(1.0)
    if max(pixels.width(), pixels.height()) <= _THUMBNAIL_PX:
        return pixels
    return pixels.scaled(
        QSize(_THUMBNAIL_PX, _THUMBNAIL_PX),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
