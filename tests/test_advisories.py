"""Packages with known advisories are noticed, installed ones and those that would be allowed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def advisories(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "advisories", ROOT / "packaging" / "advisories.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "advisories", module)  # Where dataclasses look for types.
    spec.loader.exec_module(module)
    return module


def test_what_is_installed_and_allowed_has_no_known_advisory(advisories: ModuleType) -> None:
    assert advisories.too_old() == []
    assert advisories.floors_too_low() == []


def test_an_old_version_is_told_with_where_to_read_of_it(
    advisories: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = advisories.Advisory("pillow", "99.0", "CVE-1", "harm", "https://example.org")
    monkeypatch.setattr(advisories, "KNOWN", (item,))
    for found in (advisories.too_old(), advisories.floors_too_low()):
        assert len(found) == 1
        assert "harm (CVE-1); mended in 99.0, see https://example.org" in found[0]


@pytest.mark.parametrize(
    ("said", "n_lines", "sentence"),
    [
        ('{"dependencies": [{"name": "a", "skip_reason": "x"}]}', 0, "only the table"),
        ("Traceback", 0, "only the table"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}, '
            '{"name": "b", "skip_reason": "x"}]}',
            1,
            "asked about 1 packages, 1 were not known",
        ),
    ],
)
def test_an_advisory_service_that_does_not_answer_is_told_and_finds_nothing(
    advisories: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    n_lines: int,
    sentence: str,
) -> None:
    def run(*arguments: object, **options: object) -> object:
        return advisories.subprocess.CompletedProcess((), 0, said, "")

    monkeypatch.setattr(advisories.metadata, "version", lambda name: "1")
    monkeypatch.setattr(advisories.subprocess, "run", run)
    lines, told = advisories.audited()
    assert len(lines) == n_lines
    assert sentence in told
