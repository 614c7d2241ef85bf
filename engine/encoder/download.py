"""Fetching a file of weights that the person asked for: the program's only use of the network."""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from engine.errors import EncoderError, sentence_for
from engine.version import VERSION
from engine.words import Sentence, say

_CHUNK_BYTES: Final = 1 << 17
_SILENCE_S: Final = 30.0  # Without a byte for so long the connection is given up.
_GONE: Final = frozenset({404, 410})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class DownloadStopped(Exception):
    """:meth:`Download.stop` was called."""


class Download:
    """One file on its way. :meth:`run` belongs to one thread; any may look and call :meth:`stop`.

    A connection that breaks leaves what has come; the next download of the same file goes on from
    there, if the server says that it still is the same. One that is stopped leaves nothing.

    Attributes:
        done_bytes: how much is there.
        total_bytes: how much there will be; 0 while that is not known.
        host: who is asked.
    """

    def __init__(self, urls: Sequence[str], folder: Path, sha256: str = "") -> None:
        """Describe a download; nothing is opened yet.

        Args:
            urls: where the file may be; the next one is tried where there is none.
            folder: where it is kept, made if need be.
            sha256: how its hash begins, or empty.
        """
        self._urls = tuple(urls)
        self._folder = folder
        self._sha256 = sha256
        self._stop = threading.Event()
        self.done_bytes = 0
        self.total_bytes = 0
        self.host = urllib.parse.urlsplit(self._urls[0]).hostname or ""

    def stop(self) -> None:
        """End :meth:`run` soon, which then cleans up after itself."""
        self._stop.set()

    def run(self) -> Path:
        """Fetch the file and return its place in the folder.

        Raises:
            EncoderError: no connection, no such file, another file than expected, a full disk.
            DownloadStopped: it was stopped.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for url in self._urls[:-1]:
                try:
                    return self._fetch(url)
                except urllib.error.HTTPError as error:
                    if error.code not in _GONE:
                        raise
            return self._fetch(self._urls[-1])
        except urllib.error.HTTPError as error:
            raise self._failed(
                say("the server says {code} {reason}", code=error.code, reason=error.reason)
            ) from error
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
            reason = getattr(error, "reason", None) or error
            reason = (getattr(reason, "strerror", None) or str(reason)).lower()
            raise self._failed(say("no connection: {reason}", reason=reason)) from error
        except TimeoutError as error:
            raise self._failed(
                say("nothing came for {seconds:.0f} seconds", seconds=_SILENCE_S)
            ) from error
        except OSError as error:
            raise EncoderError(
                sentence_for(error, self._folder, say("write the download in"))
            ) from error

    def _fetch(self, url: str) -> Path:
        name = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rpartition("/")[2])
        # Many files are called model.safetensors.
        path = self._folder / f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{name}"
        part, mark = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.mark")
        expected = self._receive(url, part, mark)
        mark.unlink(missing_ok=True)
        found = hash_of(part)
        if expected and not found.startswith(expected):
            part.unlink()
            raise EncoderError(
                say(
                    "What came from {host} is not the file that was to come (its hash begins with "
                    "{found}, not with {expected}), so it was thrown away; try again.",
                    host=self.host,
                    found=found[:8],
                    expected=expected[:8],
                )
            )
        return part.replace(path)

    def _receive(self, url: str, part: Path, mark: Path) -> str:
        """Bring the file to ``part``; how its hash must begin, as far as anybody says so."""
        known = _read(mark)
        begun = part.stat().st_size if known and part.exists() else 0
        headers = {"User-Agent": f"Handful/{VERSION}"}
        if begun:
            headers |= {"Range": f"bytes={begun}-", "If-Range": known}
        redirects = _Redirects()
        opener = urllib.request.build_opener(redirects)
        request = urllib.request.Request(url, headers=headers)
        try:
            response = opener.open(request, timeout=_SILENCE_S)
        except urllib.error.HTTPError as error:
            if begun and error.code == 416:  # All of it, or more than there is, was here already.
                part.unlink()
                return self._receive(url, part, mark)
            raise
        with response:
            goes_on = begun > 0 and response.status == 206
            self.done_bytes = begun if goes_on else 0
            length = int(response.headers.get("Content-Length") or 0)
            self.total_bytes = self.done_bytes + length if length else 0
            # Only a strong one tells whether the file is the same to the byte.
            tag = response.headers.get("ETag") or ""
            if tag and not tag.startswith("W/"):
                mark.write_text(tag, encoding="utf-8")
            else:
                mark.unlink(missing_ok=True)
            self._check_room(length)
            is_whole = False
            try:
                with part.open("ab" if goes_on else "wb") as file:
                    self._copy(response, file)
                if self.total_bytes and self.done_bytes != self.total_bytes:
                    raise ConnectionError(say("it broke"))
                is_whole = True
            finally:
                if self._stop.is_set() or not (is_whole or mark.exists()):
                    part.unlink(missing_ok=True)
                    mark.unlink(missing_ok=True)
        return self._sha256 or redirects.sha256

    def _copy(self, response: http.client.HTTPResponse, file: IO[bytes]) -> None:
        while True:
            if self._stop.is_set():
                raise DownloadStopped
            chunk = response.read1(_CHUNK_BYTES)  # What is there, so that stopping is quick.
            if not chunk:
                return
            file.write(chunk)
            self.done_bytes += len(chunk)

    def _check_room(self, n_bytes: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if n_bytes > free:
            raise EncoderError(
                say(
                    "The download has {size:.0f} MB and there is room for {room:.0f} MB in "
                    "{folder}.",
                    size=n_bytes / 1e6,
                    room=free / 1e6,
                    folder=self._folder,
                )
            )

    def _failed(self, reason: Sentence) -> EncoderError:
        return EncoderError(
            say(
                "The weights could not be downloaded from {host} ({reason}); get {url} some other "
                "way and give that file as the weights.",
                host=self.host,
                reason=reason,
                url=self._urls[0],
            )
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Notes what Hugging Face says of a file before it sends one elsewhere for it."""

    sha256 = ""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        tag = (headers.get("X-Linked-Etag") or "").strip('"')
        if _SHA256.fullmatch(tag):
            self.sha256 = tag
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
