"""Brings the translations up to date: ``python packaging/translate.py``.

Finds every text of the program that a person can read, has Qt's lupdate merge them into
``assets/translations/*.ts`` (what was translated stays translated), has lrelease compile those to
``*.qm``, and lists what is missing. Translate by editing the ``.ts`` (in Qt Linguist or in any
editor) and run it again; a test fails while anything is missing or the files differ.

Texts of the window are those of ``self.tr("...")``, of ``QCoreApplication.translate("Context",
"...")`` and of a module's ``_tr("...")`` that calls it; their context is the class they stand in,
or the one they name. Texts of the engine are those of ``say("...")``; it has no Qt, so the window
looks them up in the context "engine", and with them what the window itself says so. lupdate reads
Python, too, but neither of the last two. So the texts are found here, and lupdate is given them in
a list.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TRANSLATIONS = ROOT / "assets" / "translations"
ENGINE_CONTEXT = "engine"
# The command line speaks English, as its commands and tables do.
_COMMAND_LINE = (
    "engine/benchmark",
    "engine/cli/",
    "engine/doctor.py",
)


class Text(NamedTuple):
    """A text to translate."""

    context: str
    source: str


class Unfit(Exception):
    """A text that cannot be found by reading the program: where, and why."""


def texts_of_program(root: Path = ROOT) -> list[Text]:
    """All texts, by context and then by source, each once.

    Raises:
        Unfit: one is put together at run time, or asked for in a way whose context is unknown.
    """
    found: set[Text] = set()
    for path in sorted((root / "app").rglob("*.py")):
        found.update(_texts_of_window(path, root))
    for path in sorted((root / "engine").rglob("*.py")):
        if not path.relative_to(root).as_posix().startswith(_COMMAND_LINE):
            found.update(_texts_of_engine(path, root))
    return sorted(found)


def _texts_of_window(path: Path, root: Path) -> Iterator[Text]:
    tree = ast.parse(path.read_text("utf-8"))
    own = _context_of_helper(tree)

    def visit(node: ast.AST, context: str) -> Iterator[Text]:
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.ClassDef) else context
            if isinstance(child, ast.Call):
                yield from at_call(child, context)
            yield from visit(child, inside)

    def at_call(call: ast.Call, context: str) -> Iterator[Text]:
        match call.func:
            case ast.Attribute(value=ast.Name(id="self"), attr="tr") if context:
                yield from _literals(call.args[0], context, path, root)
            case ast.Attribute(attr="tr"):
                raise _unfit(path, call, root, "only self.tr() has a context that is known")
            case ast.Attribute(value=ast.Name(id="QCoreApplication"), attr="translate"):
                match call.args:
                    case [ast.Constant(value=str(named)), text]:
                        if not (isinstance(text, ast.Name) and text.id == "text"):
                            yield from _literals(text, named, path, root)
                    case [ast.Name(id="ENGINE_CONTEXT"), _]:
                        pass  # The engine's patterns, found where they are said.
                    case _:
                        raise _unfit(path, call, root, "translate() needs a literal context")
            case ast.Name(id="_tr"):
                yield from _literals(call.args[0], own, path, root)
            case ast.Name(id="say"):  # Told anew in another language, as the names of edits are.
                yield from _literals(call.args[0], ENGINE_CONTEXT, path, root)
            case _:
                pass

    yield from visit(tree, "")


def _context_of_helper(tree: ast.Module) -> str:
    """Of a module's ``def _tr(text): return QCoreApplication.translate("Context", text)``."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "_tr":
            for inner in ast.walk(node):
                match inner:
                    case ast.Call(args=[ast.Constant(value=str(context)), ast.Name()]):
                        return context
                    case _:
                        pass
    return ""


def _texts_of_engine(path: Path, root: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="say"), args=[text, *_]):
                yield from _literals(text, ENGINE_CONTEXT, path, root)
            case _:
                pass


def _literals(node: ast.expr, context: str, path: Path, root: Path) -> Iterator[Text]:
    match node:
        case ast.Constant(value=str(source)):
            if source:
                yield Text(context, source)
        case ast.IfExp(body=first, orelse=second):
            yield from _literals(first, context, path, root)
            yield from _literals(second, context, path, root)
        case _:
            raise _unfit(path, node, root, "a text to translate must be a literal")


def _unfit(path: Path, node: ast.expr, root: Path, why: str) -> Unfit:
    return Unfit(f"{path.relative_to(root)}:{node.lineno}: {why}")


# --- Files ---------------------------------------------------------------------------------------


def texts_in(ts: Path) -> dict[Text, str]:
    """The texts of a ``.ts`` file and their translations, empty where there is none."""
    found: dict[Text, str] = {}
    for context in ElementTree.parse(ts).getroot().iter("context"):
        name = context.findtext("name", "")
        for message in context.iter("message"):
            done = message.find("translation")
            is_done = done is not None and done.get("type") is None
            text = (done.text or "") if done is not None and is_done else ""
            found[Text(name, message.findtext("source", ""))] = text
    return found


def update(ts: Path) -> None:
    """Merge the program's texts into a ``.ts`` file.

    A text that has come to stand in another class keeps its translation, as long as it has one
    only.
    """
    before: dict[str, set[str]] = {}
    for text, translated in texts_in(ts).items():
        before.setdefault(text.source, set()).update([translated] if translated else [])
    _merge(ts)
    if _fill(ts, {source: done.pop() for source, done in before.items() if len(done) == 1}):
        _merge(ts)  # Written as lupdate writes it.


def _fill(ts: Path, known: dict[str, str]) -> int:
    """Translate what has no translation and is known; return how many texts that were."""
    tree, n_filled = ElementTree.parse(ts), 0
    for message in tree.getroot().iter("message"):
        done, source = message.find("translation"), message.findtext("source", "")
        if done is not None and done.get("type") == "unfinished" and source in known:
            done.text = known[source]
            del done.attrib["type"]
            n_filled += 1
    if n_filled:
        tree.write(ts, encoding="utf-8", xml_declaration=True)
    return n_filled


def _merge(ts: Path) -> None:
    lines = ["from PySide6.QtCore import QCoreApplication", ""]
    lines += [
        f"QCoreApplication.translate({_quoted(text.context)}, {_quoted(text.source)})"
        for text in texts_of_program()
    ]
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "texts.py"
        listed.write_text("\n".join(lines) + "\n", "utf-8")
        # No places: they would change with every line of the program.
        options = ["-no-obsolete", "-locations", "none", "-source-language", "en"]
        options += ["-target-language", ts.stem.partition("_")[2]]
        _run("pyside6-lupdate", str(listed), *options, "-ts", str(ts))


def compiled(ts: Path, qm: Path) -> None:
    """Compile a ``.ts`` file."""
    _run("pyside6-lrelease", str(ts), "-qm", str(qm), "-silent")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _run(tool: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name(tool)), *arguments], capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{tool} failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Update all files; 1 where a translation is missing."""
    n_missing = 0
    for ts in sorted(TRANSLATIONS.glob("*.ts")):
        update(ts)
        compiled(ts, ts.with_suffix(".qm"))
        texts = texts_in(ts)
        missing = [text for text, translated in texts.items() if not translated]
        n_missing += len(missing)
        print(f"{ts.name}: {len(texts)} texts, {len(missing)} of them without a translation")
        for text in missing:
            print(f"  {text.context}: {text.source!r}")
    return 1 if n_missing else 0


if __name__ == "__main__":
    sys.exit(main())
