"""Downloading weights from a server on this computer: whole, broken, stopped, not at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.encoder import download as download_module
from engine.encoder.download import Download, DownloadStopped
from engine.errors import EncoderError

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """What is asked of it, and what it does then.

    ``break_after``: bytes after which it hangs up, once; ``hold``: waits before the second half.
    """

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=lambda: {"/weights.bin": CONTENT})
    tag: str = '"first"'
    linked: str = ""
    break_after: int = 0
    hold: threading.Event | None = None

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        self.asked.append((path, dict(handler.headers.items())))
        if path == "/moved":
            handler.send_response(302)
            handler.send_header("Location", "/weights.bin")
            handler.send_header("X-Linked-Etag", f'"{self.linked}"')
            handler.end_headers()
            return
        content = self.files.get(path)
        if content is None:
            handler.send_error(404)
            return
        start = 0
        if handler.headers.get("Range") and handler.headers.get("If-Range") == self.tag:
            start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            handler.send_response(206)
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) - start))
        if self.tag:
            handler.send_header("ETag", self.tag)
        handler.end_headers()
        if self.break_after:
            end, self.break_after = self.break_after, 0
            handler.wfile.write(content[start:end])
            return
        half = (start + len(content)) // 2
        handler.wfile.write(content[start:half])
        if self.hold is not None:
            handler.wfile.flush()
            self.hold.wait(60)
        handler.wfile.write(content[half:])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    served = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):  # Who asked has hung up.
                served.serve(self)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        served.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        if served.hold is not None:
            served.hold.set()
        running.shutdown()
        thread.join()


def _left(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


@pytest.mark.loopback
def test_a_file_comes_whole_and_says_how_far_it_is(server: Server, tmp_path: Path) -> None:
    download = Download([f"{server.url}/weights.bin"], tmp_path / "new", DIGEST[:8])
    assert (download.done_bytes, download.total_bytes) == (0, 0)
    path = download.run()
    assert path.name.endswith("-weights.bin")
    assert path.read_bytes() == CONTENT
    assert download.done_bytes == download.total_bytes == len(CONTENT)
    assert _left(tmp_path / "new") == [".bin"]
    ((_, headers),) = server.asked
    assert headers["User-Agent"].startswith("Handful/")


@pytest.mark.loopback
def test_the_next_place_is_tried_where_there_is_no_file(server: Server, tmp_path: Path) -> None:
    urls = [f"{server.url}/none.safetensors", f"{server.url}/weights.bin"]
    assert Download(urls, tmp_path).run().read_bytes() == CONTENT
    assert [path for path, _ in server.asked] == ["/none.safetensors", "/weights.bin"]


@pytest.mark.loopback
def test_another_file_than_expected_is_thrown_away(server: Server, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"not the file that was to come .* thrown away"):
        Download([f"{server.url}/weights.bin"], tmp_path, "00000000").run()
    assert _left(tmp_path) == []
    # As Hugging Face tells it, on the way to where the file lies.
    server.linked = "0" * 64
    with pytest.raises(EncoderError, match="not the file that was to come"):
        Download([f"{server.url}/moved"], tmp_path).run()
    server.linked = DIGEST
    assert Download([f"{server.url}/moved"], tmp_path).run().read_bytes() == CONTENT


@pytest.mark.loopback
def test_a_broken_download_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.break_after = 300_000
    with pytest.raises(EncoderError, match=r"from 127.* \(no connection: it broke\)") as told:
        Download([f"{server.url}/weights.bin"], tmp_path, DIGEST).run()
    assert f"get {server.url}/weights.bin some other way" in str(told.value)
    assert _left(tmp_path) == [".mark", ".part"]
    again = Download([f"{server.url}/weights.bin"], tmp_path, DIGEST)
    assert again.run().read_bytes() == CONTENT
    assert server.asked[-1][1]["Range"] == "bytes=300000-"
    assert again.total_bytes == again.done_bytes == len(CONTENT)
    assert _left(tmp_path) == [".bin"]


@pytest.mark.loopback
def test_a_file_that_has_changed_since_is_begun_anew(server: Server, tmp_path: Path) -> None:
    server.break_after = 300_000
    with pytest.raises(EncoderError):
        Download([f"{server.url}/weights.bin"], tmp_path).run()
    server.tag, server.files["/weights.bin"] = '"second"', CONTENT[::-1]
    assert Download([f"{server.url}/weights.bin"], tmp_path).run().read_bytes() == CONTENT[::-1]


@pytest.mark.loopback
def test_what_cannot_be_told_to_be_the_same_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.break_after, server.tag = 300_000, ""
    with pytest.raises(EncoderError, match="it broke"):
        Download([f"{server.url}/weights.bin"], tmp_path).run()
    assert _left(tmp_path) == []


@pytest.mark.loopback
def test_a_stopped_download_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.hold = threading.Event()
    download = Download([f"{server.url}/weights.bin"], tmp_path)
    ended: list[BaseException] = []

    def run() -> None:
        try:
            download.run()
        except DownloadStopped as stopped:
            ended.append(stopped)

    thread = threading.Thread(target=run)
    thread.start()
    while not download.done_bytes:  # The first half comes, the second is held back.
        threading.Event().wait(0.001)
    assert _left(tmp_path) == [".mark", ".part"]
    download.stop()
    server.hold.set()
    thread.join()
    assert len(ended) == 1
    assert _left(tmp_path) == []


@pytest.mark.loopback
def test_without_a_connection_it_is_told_what_to_do(server: Server, tmp_path: Path) -> None:
    for path, reason in (("/none.bin", "the server says 404 Not Found"), ("", "no connection")):
        url = f"{server.url}{path}" if path else "http://127.0.0.1:9/weights.bin"
        with pytest.raises(EncoderError) as told:
            Download([url], tmp_path).run()
        assert f"could not be downloaded from 127.0.0.1 ({reason}" in str(told.value)
        assert f"get {url} some other way and give that file as the weights." in str(told.value)
    assert _left(tmp_path) == []


@pytest.mark.loopback
def test_a_file_that_does_not_fit_on_the_disk_is_not_begun(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 500_000})
    monkeypatch.setattr(download_module.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(EncoderError, match="has 1 MB and there is room for 0 MB"):
        Download([f"{server.url}/weights.bin"], tmp_path).run()
    assert not list(tmp_path.glob("*.part"))
