"""Whether anything that is installed has a known security advisory; status 1 where it has.

    .venv/bin/python packaging/advisories.py

Two ways. A table here of the packages that read what strangers wrote, with the first version that
is free of all advisories known when it was last gone through, is held against what is installed and
against the floors in pyproject.toml; that needs no network. And pip-audit, where it is installed
(the extra ``audit``), asks the advisories of the Python Package Index about every package; where
that does not answer, it says so, and the table alone counts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from packaging.version import Version

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Advisory:
    """``fixed`` is the first version without it; ``source`` tells of it."""

    package: str
    fixed: str
    identifiers: str
    what: str
    source: str


# Gone through on 2026-11-22. Only what the program can reach, and the newest of each package.
KNOWN: Final = (
    Advisory(
        "pillow",
        "13.0.0",
        "CVE-2026-96638, CVE-2026-96639, CVE-2026-96643, CVE-2026-96636",
        "BMP and EXIF that take memory or time without end, storage used after a change of mode",
        "https://pillow.readthedocs.io/en/stable/releasenotes/13.0.0.html",
    ),
    Advisory(
        "torch",
        "2.10.0",
        "CVE-2026-24747",
        "torch.load(weights_only=True) runs code from a file of weights",
        "https://nvd.nist.gov/vuln/detail/CVE-2026-24747",
    ),
    Advisory(
        "torch",
        "2.6.0",
        "CVE-2025-32434",
        "torch.load(weights_only=True) runs code from a file of weights",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-32434",
    ),
    Advisory(
        "onnx",
        "1.21.0",
        "CVE-2026-34445, CVE-2026-27489",
        "files read outside of a model's folder, objects changed from a model's text",
        "https://nvd.nist.gov/vuln/detail/CVE-2026-34445",
    ),
)


def main() -> int:
    found = [*too_old(), *floors_too_low()]
    for line in found:
        print(line)
    if not found:
        print(f"{len(KNOWN)} advisories in the table: what is installed is newer than all.")
    vulnerable, told = audited()
    print(told)
    for line in vulnerable:
        print(line)
    return 1 if found or vulnerable else 0


def too_old() -> list[str]:
    """What is installed in a version with an advisory."""
    found = []
    for item in KNOWN:
        try:
            installed = metadata.version(item.package)
        except metadata.PackageNotFoundError:
            continue
        if Version(installed) < Version(item.fixed):
            found.append(f"{item.package} {installed}: {told_of(item)}")
    return found


def floors_too_low() -> list[str]:
    """What pyproject.toml would allow to be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    wanted = [*project["dependencies"], *(one for extra in extras for one in extra)]
    floors = dict(
        match.groups() for one in wanted if (match := re.match(r"([\w.-]+?)\s*>=\s*([\d.]+)", one))
    )
    by_name = {name.lower(): floor for name, floor in floors.items()}
    return [
        f"pyproject.toml allows {item.package} {by_name[item.package]}: {told_of(item)}"
        for item in KNOWN
        if item.package in by_name and Version(by_name[item.package]) < Version(item.fixed)
    ]


def told_of(item: Advisory) -> str:
    return f"{item.what} ({item.identifiers}); mended in {item.fixed}, see {item.source}"


def audited() -> tuple[list[str], str]:
    """What pip-audit finds, a line each, and a sentence on whether it could look at all."""
    try:
        metadata.version("pip-audit")
    except metadata.PackageNotFoundError:
        return [], "pip-audit is not installed, so only the table was looked at."
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return (
            [],
            "pip-audit got no answer from its advisory service; only the table was looked at.",
        )
    answered = [item for item in packages if "skip_reason" not in item]
    if not answered:
        return [], "pip-audit's advisory service knows no package; only the table was looked at."
    lines = [
        f"{item['name']} {item['version']}: {one['id']} "
        f"(mended in {', '.join(one.get('fix_versions', ())) or 'no version yet'})"
        for item in answered
        for one in item.get("vulns", ())
    ]
    left = len(packages) - len(answered)
    return lines, f"pip-audit asked about {len(answered)} packages, {left} were not known to it."


if __name__ == "__main__":
    sys.exit(main())
