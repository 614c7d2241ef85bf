"""The program never reaches for a network: window, command line and training, each locked up.

``tests/offline.py`` ends a process, and all that it starts, at its first internet socket.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.painted import kind_of, paint_folder
from tests.offline import BLOCKED

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600.0


def locked_up(*arguments: str | Path, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run a module, or ``code``, in a process without a network."""
    if code:
        command = ["-c", f"from tests.offline import lock; lock()\n{code}"]
    else:
        command = ["-m", "tests.offline", *map(str, arguments)]
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
        # Caught, as a library might: it is told all the same.
        "import socket\ntry: socket.gethostbyname('example.org')\nexcept BaseException: pass",
    ],
)
def test_who_tries_is_ended(attempt: str) -> None:
    done = locked_up(code=attempt)
    killed = () if sys.platform == "win32" else (-signal.SIGSYS,)
    assert done.returncode in (BLOCKED, *killed)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")
@pytest.mark.parametrize("start", ["", "import subprocess, sys\n"])
def test_code_that_is_not_python_is_ended_too(start: str) -> None:
    code = "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)"
    if start:
        code = f"{start}sys.exit(subprocess.run([sys.executable, '-c', {code!r}]).returncode)"
    done = locked_up(code=f"import sys\nif not lock(): sys.exit(99)\n{code}")
    if done.returncode == 99:
        pytest.skip("the kernel takes no filter here")
    # What a child was ended by becomes a status of its parent, counted modulo 256.
    assert done.returncode in (-signal.SIGSYS, 256 - signal.SIGSYS)


def test_the_command_line_needs_no_network(tmp_path: Path) -> None:
    images, labels = tmp_path / "images", tmp_path / "labels.csv"
    rows = [f"{path.name},{kind_of(path)}" for path in paint_folder(images, 6)[::2]]
    labels.write_text("\n".join(["file_name,label", *rows]), encoding="utf-8")
    model, table = tmp_path / "model.onnx", tmp_path / "out.csv"
    common = (images, "--device", "cpu", "--out", table)
    done = locked_up("engine", "classify", *common, "--labels", labels, "--export", model)
    assert done.returncode == 0, done.stderr
    # The others in one process, which loads the libraries once for all.
    others = [
        ["classify", *map(str, common), "--model", str(model)],
        ["doctor"],
        ["encoder", "list"],
    ]
    code = "from engine.cli import main\nassert [main(given) for given in {}] == [0, 0, 0]"
    done = locked_up(code=code.format(others))
    assert done.returncode == 0, done.stderr
    assert len(table.read_text(encoding="utf-8").splitlines()) == 19


def test_meta_training_needs_no_network(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for path in paint_folder(tmp_path / "painted", 8):
        folder = data / kind_of(path)
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / path.name)
    recipe = ROOT / "assets" / "recipes" / "minimal.toml"
    arguments = (recipe, "--data", data, "--estimate")
    done = locked_up("engine", "meta-train", *arguments, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr


def test_the_window_needs_no_network() -> None:
    """The whole job of a person, from a folder dropped on the window to the model file."""
    done = locked_up("pytest", "-q", "-n", "0", "-x", "tests/end_to_end/test_whole_job.py")
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
