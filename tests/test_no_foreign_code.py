"""Nothing that is read can be code: no pickle, no eval, and weights that are nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Modules whose reading functions run what is in a file.
FORBIDDEN = {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
# Only the name of its error is used: what torch raises for a file of more than weights.
ALLOWED = {"engine/encoder/library_network.py": {"pickle"}}
LOADERS = {"torch.load", "np.load", "numpy.load"}


def faults(source: str, path: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [item.name.partition(".")[0] for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").partition(".")[0]]
        refused = FORBIDDEN - ALLOWED.get(path, set())
        found += [f"imports {name}" for name in names if name in refused]
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        options = {item.arg: ast.unparse(item.value) for item in node.keywords}
        if called in ("eval", "exec", "compile", "__import__"):
            found.append(f"calls {called}")
        if called.startswith("pickle."):
            found.append(f"calls {called}")
        if called == "torch.load" and options.get("weights_only") != "True":
            found.append("torch.load of more than weights")
        if called in LOADERS and options.get("allow_pickle", "False") != "False":
            found.append(f"{called} with pickle")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from yaml import load",
        "eval(x)",
        "torch.load(x)",
        "torch.load(x, weights_only=False)",
        "np.load(x, allow_pickle=True)",
    ],
)
def test_code_in_files_is_noticed(source: str) -> None:
    assert len(faults(source, "engine/x.py")) == 1


def test_the_program_reads_no_code() -> None:
    folders = (ROOT / name for name in ("engine", "app", "assets"))
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    assert len(paths) > 100
    found = {}
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        told = faults(path.read_text(encoding="utf-8"), name)
        if told:
            found[name] = told
    assert found == {}
