"""Build the program as a folder that needs no Python, and try it.

    .venv/bin/pip install ".[build]" && .venv/bin/python packaging/build.py [--without-torch]

Runs PyInstaller on packaging/handful.spec, then the result: its doctor, its demo, and on Linux its
window under Xvfb on a painted folder, with a screenshot. What is made lies in dist/handful; the
screenshot in build/window.png.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DISPLAY = ":97"
SCREEN = "1280x800x24"
WAIT_S = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-torch", action="store_true", help="a tenth of the size")
    parser.add_argument("--only-try", action="store_true", help="try what was built before")
    chosen = parser.parse_args()
    if not chosen.only_try:
        build(without_torch=chosen.without_torch)
    folder = ROOT / "dist" / "handful"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.0f} MB")
    program = folder / ("handful.exe" if sys.platform == "win32" else "handful")
    with tempfile.TemporaryDirectory() as home:
        try_command_line(program, Path(home))
        if sys.platform == "linux":
            try_window(program, Path(home), ROOT / "build" / "window.png")
    return 0


def build(*, without_torch: bool) -> None:
    """Run PyInstaller."""
    make_icons(ROOT / "build")
    environment = {**os.environ, "HANDFUL_WITHOUT_TORCH": "1" if without_torch else "0"}
    spec = ROOT / "packaging" / "handful.spec"
    places = ["--distpath", str(ROOT / "dist"), "--workpath", str(ROOT / "build" / "work")]
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", *places, str(spec)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def make_icons(folder: Path) -> None:
    """The icon in the forms that Windows and macOS want, from the drawing."""
    from PySide6.QtGui import QGuiApplication, QImage

    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication.instance() or QGuiApplication([])
    from app.look.icons import application_icon

    folder.mkdir(parents=True, exist_ok=True)
    large: QImage = application_icon().pixmap(256, 256).toImage()
    large.save(str(folder / "handful.png"))
    del application
    from PIL import Image

    with Image.open(folder / "handful.png") as picture:
        picture.save(folder / "handful.ico", sizes=[(side, side) for side in (16, 24, 32, 48, 256)])
        picture.save(folder / "handful.icns")


def try_command_line(program: Path, home: Path) -> None:
    """The doctor, and the whole job without a screen: paint, label, classify, export, compare."""
    for arguments in (["doctor"], ["demo", "--dir", str(home / "demo")]):
        done = subprocess.run(
            [str(program), *arguments],
            env=environment_of(home),
            capture_output=True,
            text=True,
            timeout=300,
        )
        print(done.stderr.strip()[-1500:])
        if done.returncode != 0:
            raise SystemExit(f"{arguments} ended with {done.returncode}: {done.stderr}")


def try_window(program: Path, home: Path, screenshot: Path) -> None:
    """Open a painted folder under Xvfb, wait until its pictures are read, take a screenshot."""
    from PIL import ImageGrab

    if shutil.which("Xvfb") is None:
        raise SystemExit("The window was not tried: Xvfb is not installed.")
    sys.path.insert(0, str(ROOT))
    from engine.painting import paint_folder

    pictures = home / "Machine parts"
    for _ in paint_folder(pictures, n_images=40):
        pass
    server = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", SCREEN, "-nolisten", "tcp"])
    try:
        time.sleep(2.0)
        environment = {**environment_of(home), "DISPLAY": DISPLAY, "QT_QPA_PLATFORM": "xcb"}
        window = subprocess.Popen([str(program), "gui", str(pictures)], env=environment)
        try:
            deadline = time.monotonic() + WAIT_S
            shot = ImageGrab.grab(xdisplay=DISPLAY)
            # The pictures are many-coloured; the window without them has some hundred colours.
            while time.monotonic() < deadline and n_colours(shot) < 20_000:
                if window.poll() is not None:
                    raise SystemExit(f"The window ended by itself, with {window.returncode}.")
                time.sleep(1.0)
                shot = ImageGrab.grab(xdisplay=DISPLAY)
            screenshot.parent.mkdir(parents=True, exist_ok=True)
            shot.save(screenshot)
            if n_colours(shot) < 20_000:
                raise SystemExit(f"After {WAIT_S:.0f} s no pictures are to be seen: {screenshot}")
            print(f"The window shows its pictures: {screenshot}")
        finally:
            window.terminate()
            window.wait(timeout=30)
    finally:
        server.terminate()
        server.wait(timeout=30)


def n_colours(shot: object) -> int:
    """How many different colours a picture has."""
    from PIL import Image

    assert isinstance(shot, Image.Image)
    return len(shot.convert("RGB").getcolors(maxcolors=1 << 24) or [])


def environment_of(home: Path) -> dict[str, str]:
    """That of a new person, whom nothing of the building environment helps."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "SYSTEMROOT") if key in os.environ}
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}


if __name__ == "__main__":
    sys.exit(main())
