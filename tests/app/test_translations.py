"""Every text of the program is translated, and the compiled translations are those of the sources.

``python packaging/translate.py`` brings them up to date and lists what is missing.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QTranslator

from app.look.language import TRANSLATIONS, LanguageChoice

ROOT = Path(__file__).parents[2]
CHINESE = TRANSLATIONS / "handful_zh_CN.ts"

# Texts for a person are made by these; those of the others stay as they are in every language.
SPOKEN = {"tr", "_tr", "translate", "say"}
NOT_SHOWN = {
    *(
        "log",
        "debug",
        "info",
        "warning",
        "error",
        "exception",
        "critical",
    ),  # The log is in English.
    *("ValueError", "TypeError", "RuntimeError", "AssertionError", "OperationalError"),
    *("DatabaseError", "KeyError", "execute", "executescript", "executemany"),
}
# Modules that speak to a terminal, describe colours, or write files that are read in English.
ENGLISH = (
    *("app/__main__.py", "app/startup.py", "app/look/theme.py"),
    *("engine/cli/", "engine/doctor.py", "engine/demo.py", "engine/sources.py"),
    *("engine/terminal.py", "engine/benchmark/", "engine/painting/"),
    # Papers' experiments, recipes with their English keys, and reports.
    *("engine/metatraining/few_shot/", "engine/metatraining/meta_evaluation/"),
    *("engine/metatraining/algorithms/", "engine/metatraining/aggregation.py"),
    *("engine/metatraining/charts.py", "engine/metatraining/optimizers.py"),
    *("engine/metatraining/pixels.py", "engine/metatraining/processes.py"),
    *("engine/metatraining/toml_sections.py", "engine/metatraining/encoder_training/recipe.py"),
    "engine/metatraining/encoder_training/seen.py",
    *("engine/jobs/export_card.py", "engine/encoder/graph.py", "engine/words.py"),
    *("engine/bundle/card.py", "engine/bundle/self_test.py"),
    *("app/help/bug_report.py", "app/help/papers.py"),  # As the log is, and as titles are.
)
# Provenance in an encoder's and a model's file, and what is no text at all.
WRITTEN = re.compile(
    r"[A-Z]{4,} |^FROM |^ FROM |(background|border|color): |^; |database main|"
    r"^pooled features, |^unknown; ask its|^given by a person as|; published weights|"
    r"sqrt of the pooled|(bilinear|bicubic), antialiased|(Fine-tuned by|Meta-trained by) Handful |"
    r"^main directions$|^ labelled images of $|"
    r"^Decode by the rule, |^images of any size, uint8| px, float, resized outside$|"
    r"^(half precision|8-bit integers)$|^no place in a file$|^another (project|file) lies at $|"
    r"^How Label Studio takes this in|^(Labels made|Made) with Handful|"
    r"^Most like $|^, but like none of the classes\.$|^(no animal|homo sapiens)$|"  # Camera traps.
    r"^(resize, )?mean, std$|^one temperature, fitted to left-out labels$|"
    r"^ classes from |uint8 RGB|EXIF orientation|px \(a JPEG|before taking back|^metadata journal$|"
    r"^Handful (sample|encoder|cache)$|^Machine parts$|"  # Folders keep their names.
    # What other programs say and are known by, and what goes into the log alone.
    r"^(database disk image is malformed|datatype mismatch|too big|model name)$|"
    r"^AND has_thumbnail$|"
    r"^(out of memory|failed to allocate memory|is smaller than requested bytes)$|"
    r"^it has (another format|other tables)$|^it ended with $|^ before it was ready$|"
    r"^a member without a name$|^import sys, types; |"
    r"typical of images without a label|between two classes|unlike everything labelled$|"
    r"^body \{|(19|20)\d\d\.$"  # Style sheets; papers, by the year at the end.
)
LOOKS_SPOKEN = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}|[a-z]{2,}: ")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The script that updates the translations."""
    spec = importlib.util.spec_from_file_location("translate", ROOT / "packaging" / "translate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_has_a_chinese_translation_and_no_other_has(tool: ModuleType) -> None:
    wanted, there = set(tool.texts_of_program()), tool.texts_in(CHINESE)
    assert len(wanted) > 600
    missing = sorted(wanted - set(there)) + [text for text in there if not there[text]]
    assert missing == [], "run python packaging/translate.py and translate what it lists"
    assert sorted(set(there) - wanted) == [], "run python packaging/translate.py"


def test_the_compiled_translations_are_those_of_the_sources(tool: ModuleType) -> None:
    translator = QTranslator()
    assert translator.load(str(CHINESE.with_suffix(".qm")))
    differing = [
        text
        for text, translated in tool.texts_in(CHINESE).items()
        if translator.translate(text.context, text.source) != translated
    ]
    assert differing == [], "run python packaging/translate.py"


def test_translations_have_the_same_values_endings_and_underlined_letters(tool: ModuleType) -> None:
    for text, translated in tool.texts_in(CHINESE).items():
        names = {name for _, name, _, _ in string.Formatter().parse(text.source) if name}
        others = {name for _, name, _, _ in string.Formatter().parse(translated) if name}
        assert names == others, text
        assert text.source.endswith("…") == translated.endswith("…"), text
        # An underlined letter is one of the keyboard's, in brackets behind the words.
        letters = re.findall(r"&(\w)", text.source)
        assert re.findall(r"\(&(\w)\)", translated) == [item.upper() for item in letters], text
        assert not re.search(r"[\u4e00-\u9fff][,;:!?]", translated), text  # Half as wide.


def test_a_text_whose_context_is_unknown_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    module = tmp_path / "app" / "page.py"
    module.parent.mkdir()
    good = 'class Page(QWidget):\n    def f(self):\n        self.tr("a" if self.x else "b")\n'
    module.write_text(good)
    assert tool.texts_of_program(tmp_path) == [("Page", "a"), ("Page", "b")]
    for bad in ('session.tr("a")', 'self.tr(f"{a} b")', "self.tr(text)"):
        module.write_text(good + f"        {bad}\n")
        with pytest.raises(tool.Unfit, match=r"app.page.py:4"):
            tool.texts_of_program(tmp_path)


@pytest.mark.parametrize("package", ["app", "engine"])
def test_no_text_is_shown_that_was_not_given_to_translation(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {text!r}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if not path.relative_to(ROOT).as_posix().startswith(ENGLISH)
        for line, text in untold(path.read_text("utf-8"))
    ]
    assert found == [], 'use self.tr("...") in app/ and say("...") in engine/'


def test_a_text_that_is_not_translated_is_noticed() -> None:
    assert list(untold('label.setText("two words")')) == [(1, "two words")]
    assert list(untold('raise EngineError(f"{path} is not one.")')) == [(1, " is not one.")]
    assert (
        list(untold('def f():\n    """Two words."""\n    label.setText(self.tr("two words"))'))
        == []
    )


def test_nobody_shows_the_english_name_of_none_of_these() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        text = path.read_text("utf-8")
        if path.name != "editing.py":
            assert not re.search(r"is (not )?NONE_CLASS|NONE_CLASS\.name|NONE_NAME", text), (
                f"{path}: Session.none_class has the name in the person's language; compare "
                "class_id with NONE_OF_THESE"
            )


def test_there_is_a_translation_for_every_language_that_is_offered() -> None:
    for choice in LanguageChoice:
        if choice not in (LanguageChoice.SYSTEM, LanguageChoice.ENGLISH):
            assert (TRANSLATIONS / f"handful_{choice.value}.qm").exists()


def untold(source: str) -> Iterator[tuple[int, str]]:
    """The texts in a module that look like words for a person and were not made for one."""
    tree = ast.parse(source)
    quiet: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            quiet.add(node.value)  # Docstrings.
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in SPOKEN | NOT_SHOWN:
                for argument in (*node.args, *(item.value for item in node.keywords)):
                    quiet.update(ast.walk(argument))
    for node in ast.walk(tree):
        if node not in quiet and isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            words = re.sub(r"<[^>]*>?", "", text)  # A tag may be torn by a value in it.
            if LOOKS_SPOKEN.search(words) and not WRITTEN.search(text):
                yield node.lineno, text
