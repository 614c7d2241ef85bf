"""Decoding in processes of its own: the same answers, and what a file may do to it."""

from __future__ import annotations

import io
import mmap
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import treacherous_decoder as treacherous
from PIL import Image

from engine.decoding import child
from engine.decoding import decoders as decoders_module
from engine.decoding.decoders import DECODERS, SWITCH, Decoders
from engine.errors import UnreadableImageError
from engine.images import decode_image, look_at
from engine.jobs import workspace as workspace_module
from engine.jobs.workspace import Workspace
from engine.messages import ImageId, ImageRef
from engine.painting import paint_picture

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"  # Orientation 6.
PICTURE = paint_picture("gear", np.random.default_rng(0)).convert("RGB")


@pytest.fixture
def treacherous_decoders() -> Iterator[Callable[..., Decoders]]:
    made: list[Decoders] = []

    def make(**how: float) -> Decoders:
        made.append(Decoders(module="treacherous_decoder", **how))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for item in made:
        item.close()


def saved(image: Image.Image, form: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return buffer.getvalue()


def reason_of(decoders: Decoders, content: bytes) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        decoders.look(content)
    return str(caught.value)


def has_ended(pid: int) -> bool:
    """Whether a process of anybody's ends within half a minute."""
    try:
        number = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ending = select.poll()
    ending.register(number, select.POLLIN)
    try:
        return bool(ending.poll(30_000))
    finally:
        os.close(number)


@pytest.mark.parametrize(
    ("form", "mode", "how"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("TIFF", "F", {}),
        ("WEBP", "RGB", {}),
        ("AVIF", "RGB", {"speed": 10}),
        (
            "JPEG",
            "RGB",
            {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"},
        ),
    ],
)
def test_a_process_gives_what_decoding_here_gives(
    form: str, mode: str, how: dict[str, object]
) -> None:
    content = saved(PICTURE.resize((1000, 950)).convert(mode), form, **how)
    there, here = DECODERS.look(content), look_at(content)
    np.testing.assert_array_equal(there.decoded.pixels, here.decoded.pixels)
    assert (there.thumbnail, there.perceptual_hash) == (here.thumbnail, here.perceptual_hash)
    assert there.decoded.original_width_px == here.decoded.original_width_px
    assert there.decoded.taken_s == here.decoded.taken_s
    full = DECODERS.decode(content, shrink_to_px=None).pixels
    np.testing.assert_array_equal(full, decode_image(content, shrink_to_px=None).pixels)


def test_pixels_that_shared_memory_has_no_room_for_come_another_way() -> None:
    ramp = np.arange(5200, dtype=np.uint16)
    grey = ((ramp[:, None] + ramp[None, :]) >> 6).astype(np.uint8)  # Also one of the very large.
    content = saved(Image.fromarray(grey), "PNG", compress_level=1)
    pixels = DECODERS.decode(content, shrink_to_px=None).pixels
    np.testing.assert_array_equal(pixels[..., 1], grey)


@pytest.mark.parametrize(
    "content",
    [b"not an image at all", saved(PICTURE, "JPEG")[:3000], b"\x89PNG\r\n\x1a\n" + b"\0" * 99],
)
def test_what_is_wrong_with_a_file_is_told_in_the_same_words(content: bytes) -> None:
    with pytest.raises(UnreadableImageError) as here:
        look_at(content)
    with pytest.raises(UnreadableImageError) as there:
        DECODERS.look(content)
    assert there.value.sentence == here.value.sentence
    assert there.value.sentence.template == here.value.sentence.template


def test_a_crash_costs_one_file(treacherous_decoders: Callable[..., Decoders]) -> None:
    decoders = treacherous_decoders()
    decoders.look(saved(PICTURE, "JPEG"))
    before = decoders.pids()
    assert reason_of(decoders, treacherous.CRASH) == "decoding it ended in a crash"
    assert decoders.pids() == []
    assert decoders.look(saved(PICTURE, "JPEG")).thumbnail
    assert decoders.pids() != before


@on_linux
def test_a_process_killed_at_a_file_costs_that_file(
    tmp_path: Path, treacherous_decoders: Callable[..., Decoders]
) -> None:
    decoders = treacherous_decoders()
    at_it = tmp_path / "at it"
    os.mkfifo(at_it)
    with ThreadPoolExecutor(1) as pool:
        reason = pool.submit(reason_of, decoders, treacherous.HANG + bytes(at_it))
        with at_it.open("rb"):
            (pid,) = decoders.pids()
            os.kill(pid, signal.SIGKILL)
        assert reason.result() == "decoding it ended in a crash"
    assert decoders.look(saved(PICTURE, "PNG")).thumbnail


@on_linux
def test_a_hang_costs_one_file_and_its_time(
    tmp_path: Path, treacherous_decoders: Callable[..., Decoders]
) -> None:
    decoders = treacherous_decoders(time_limit_s=2)
    at_it = tmp_path / "at it"
    os.mkfifo(at_it)
    with ThreadPoolExecutor(1) as pool:
        reason = pool.submit(reason_of, decoders, treacherous.STUCK + bytes(at_it))
        with at_it.open("rb"):
            (pid,) = decoders.pids()
            assert reason.result() == "it took longer than 2 s to decode"
    assert has_ended(pid)
    assert decoders.look(saved(PICTURE, "PNG")).thumbnail


@on_linux
def test_a_bomb_costs_one_file_and_not_even_its_process(
    treacherous_decoders: Callable[..., Decoders],
) -> None:
    decoders = treacherous_decoders()
    decoders.look(saved(PICTURE, "JPEG"))
    before = decoders.pids()
    assert reason_of(decoders, treacherous.BOMB) == "there is not enough memory to decode it"
    assert decoders.look(saved(PICTURE, "JPEG")).thumbnail
    assert decoders.pids() == before


@on_linux
def test_a_stopped_process_costs_one_file_whose_bytes_it_has_not_taken(
    treacherous_decoders: Callable[..., Decoders],
) -> None:
    decoders = treacherous_decoders(time_limit_s=0.5)
    decoders.look(saved(PICTURE, "JPEG"))
    (pid,) = decoders.pids()
    os.kill(pid, signal.SIGSTOP)
    more_than_shared = saved(PICTURE, "PNG").ljust(child.SHARED_BYTES + 1, b"\0")
    assert "took longer than" in reason_of(decoders, more_than_shared)
    assert has_ended(pid)
    assert decoders.pids() == []


@on_linux
def test_a_process_stopped_in_the_middle_of_its_pixels_costs_one_file(
    treacherous_decoders: Callable[..., Decoders],
) -> None:
    decoders = treacherous_decoders(time_limit_s=0.5)
    assert "took longer than" in reason_of(decoders, treacherous.HALFWAY)
    assert decoders.pids() == []


@on_linux
def test_bytes_and_pixels_of_a_large_image_are_in_memory_once(
    treacherous_decoders: Callable[..., Decoders],
) -> None:
    """Averaging colours by their opacity took all pixels again, 1.2 GB with 100 megapixels."""
    size = 6_500, 4_000
    content = saved(Image.new("RGBA", size, (200, 100, 0, 128)), "TIFF")
    assert len(content) > child.SHARED_BYTES
    decoders = treacherous_decoders(time_limit_s=60)
    reason_of(decoders, treacherous.MEMORY + str(len(content) * 5 // 2).encode())
    pixels = decoders.look(content).decoded.pixels
    assert pixels.shape == (500, 813, 3)
    assert pixels[100, 100].tolist() == [227, 177, 127]
    # What it leaves is not in the way of the next: a file of twice as many bytes has room.
    assert "not an image" in reason_of(decoders, bytes(2 * len(content)))


@on_linux
def test_a_file_that_there_is_no_memory_for_is_told_and_no_crash(
    treacherous_decoders: Callable[..., Decoders],
) -> None:
    decoders = treacherous_decoders()
    reason_of(decoders, treacherous.MEMORY + b"60000000")
    before = decoders.pids()
    much = saved(PICTURE, "JPEG").ljust(child.SHARED_BYTES + 1, b"\0")
    assert reason_of(decoders, much) == "there is not enough memory to decode it"
    assert decoders.look(saved(PICTURE, "JPEG")).thumbnail
    assert decoders.pids() == before


@pytest.mark.parametrize(
    "content",
    [treacherous.TWICE, treacherous.AGAIN.ljust(child.SHARED_BYTES + 9, b"\0")],
    ids=["turn", "part"],
)
def test_a_process_that_asks_without_end_costs_one_file(
    content: bytes, treacherous_decoders: Callable[..., Decoders]
) -> None:
    decoders = treacherous_decoders()
    reasons: list[str] = []
    asking = threading.Thread(
        target=lambda: reasons.append(reason_of(decoders, content)), daemon=True
    )
    asking.start()
    asking.join(30)
    assert reasons == ["decoding it ended in a crash"]
    assert decoders.pids() == []
    assert decoders.look(saved(PICTURE, "JPEG")).thumbnail


def test_a_process_that_reads_a_head_without_end_costs_one_file(
    treacherous_decoders: Callable[..., Decoders],
) -> None:
    decoders = treacherous_decoders()
    content = treacherous.AGAIN.ljust(child.HEAD_BYTES, b"\0")
    ended: list[UnreadableImageError] = []

    def ask() -> None:
        with pytest.raises(UnreadableImageError) as caught:
            decoders.head(io.BytesIO(content), len(content))
        ended.append(caught.value)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(30)
    assert [str(error) for error in ended] == ["decoding it ended in a crash"]
    assert decoders.pids() == []


def test_time_does_not_pass_while_a_process_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s, armed = [0.0], list[float]()
    monkeypatch.setattr(child.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(
        child.faulthandler, "dump_traceback_later", lambda limit, **_: armed.append(limit)
    )
    monkeypatch.setattr(child, "_OWN_LIMIT_S", 5.0)
    monkeypatch.setattr(child, "_Timers", child._Alarm)  # As on Windows.

    class Turn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            now_s[0] += 100.0
            return child.GO_ON.pack(b"G", 0)

    told = io.BytesIO()
    with child._OwnTime() as time_left, ExitStack() as kept:
        request = child._Request(Turn(), told, mmap.mmap(-1, 1), time_left, kept, 0)
        now_s[0] += 2.0
        with request._one_at_a_time():
            pass
    assert told.getvalue() == child.ANSWER.pack(child.LARGE, 0)
    assert armed == [5.0, 3.0]


PARENT = """
import sys
from engine.decoding.decoders import Decoders
from engine.errors import UnreadableImageError
decoders = Decoders(module="treacherous_decoder")
try:
    decoders.look(b"own limit")
except UnreadableImageError:
    print(decoders.pids()[0], flush=True)
if len(sys.argv) > 1:
    decoders.look(b"hang " + sys.argv[1].encode())
sys.stdin.read()
"""


@on_linux
@pytest.mark.parametrize("hangs", [False, True])
def test_no_process_outlives_a_program_that_was_killed(tmp_path: Path, hangs: bool) -> None:
    at_it = tmp_path / "at it"
    os.mkfifo(at_it)
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *([str(at_it)] if hangs else [])],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if hangs:
            with at_it.open("rb"):
                parent.kill()
        else:
            parent.kill()
    assert has_ended(pid)


def test_a_process_loads_nothing_that_it_has_no_use_for() -> None:
    """A file that ends its process costs the start of another: 0.24 s once, now 0.14."""
    start = decoders_module._START.format(
        path=sys.path,
        engine=str(Path(decoders_module.__file__).parents[1]),
        module="engine.decoding.child",
    )
    loaded = start.partition("; main(")[0] + "; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", loaded], capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert "engine.images" in modules
    assert not modules & {"engine.messages", "torch", "onnxruntime", "PIL.PdfImagePlugin"}


def test_without_processes_files_are_decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    decoders = Decoders()
    monkeypatch.setattr(decoders_module.sys, "executable", "/nowhere/python")
    content = saved(PICTURE, "JPEG")
    np.testing.assert_array_equal(
        decoders.look(content).decoded.pixels, decode_image(content).pixels
    )
    assert decoders.pids() == []
    assert "text" in reason_of(decoders, b"not an image at all")


def test_a_built_program_is_its_own_decoding_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    command = decoders_module._command("engine.decoding.child", "fd:7")
    assert command == [sys.executable, SWITCH, "fd:7"]
    entry = Path(__file__).parents[2] / "packaging" / "entry.py"
    assert f'["{SWITCH}"]' in entry.read_text("utf-8")


def refs_of(folder: Path, contents: dict[str, bytes]) -> list[ImageRef]:
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [ImageRef(ImageId(i), folder / name, name) for i, name in enumerate(contents, start=1)]


def test_a_run_goes_on_over_files_that_end_their_process(
    tmp_path: Path,
    workspace: Workspace,
    treacherous_decoders: Callable[..., Decoders],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace_module, "DECODERS", treacherous_decoders())
    contents = {
        f"{i:02d}.jpg": treacherous.CRASH if i % 5 == 0 else saved(PICTURE.rotate(i), "JPEG")
        for i in range(20)
    }
    images = refs_of(tmp_path / "images", contents)
    results = [item for some in workspace.process(images) for item in some]
    assert {item.image.name for item in results} == set(contents)
    crashed = {item.image.name for item in results if item.entry.reason}
    assert crashed == {name for name, content in contents.items() if content == treacherous.CRASH}
    assert len(workspace.store) == len(contents) - len(crashed)


@on_linux
def test_images_that_somebody_waits_for_pass_a_folder_that_hangs(
    tmp_path: Path,
    workspace: Workspace,
    treacherous_decoders: Callable[..., Decoders],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace_module, "DECODERS", treacherous_decoders(time_limit_s=60))
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    waits = treacherous.WAIT + bytes(gate) + b"\0"
    bulk = {f"{i:02d}.jpg": waits + saved(PICTURE.rotate(i), "JPEG") for i in range(12)}
    images = refs_of(tmp_path / "images", bulk | {"wanted.jpg": saved(PICTURE, "JPEG")})
    folder = workspace.process(images)
    assert next(folder) == []  # As many are under way as will be.
    (wanted,) = [item for some in workspace.process(images[-1:], urgent=True) for item in some]
    assert wanted.entry.embedding is not None
    done = threading.Event()

    def release() -> None:
        while not done.is_set():
            with gate.open("wb"):
                pass

    releasing = threading.Thread(target=release)
    releasing.start()
    try:
        results = [item for some in folder for item in some]
    finally:
        done.set()
        os.close(os.open(gate, os.O_RDONLY | os.O_NONBLOCK))
        releasing.join()
    assert {item.image.name for item in results} == {image.name for image in images}
    assert not any(item.entry.reason for item in results)
