"""``handful``: the window where no command is named, else the command line."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.platform == "win32":
    # WORKAROUND: torch 2.9 and later fails to load c10.dll once Qt is loaded; so torch comes
    # first. It is this package's only import of torch.
    import torch  # noqa: F401

from app.startup import open_window
from engine import COMMANDS


def main() -> int:
    """Run the program; return the exit status."""
    arguments = sys.argv[1:]
    path = _path_to_open(arguments)
    if path is not None:
        if path[0] is not None and not path[0].exists():
            sys.stderr.write(f"There is no folder or project {path[0]}; see handful --help.\n")
            return 1
        return open_window(path[0])
    # Imported late: the command line's libraries would delay the window.
    from engine import run_command_line

    return run_command_line(arguments, open_window)


def _path_to_open(arguments: list[str]) -> tuple[Path | None] | None:
    """What to open in a window, in a tuple; None where the command line is meant."""
    rest = arguments[1:] if arguments[:1] == ["gui"] else arguments
    if not rest:
        return (None,)
    is_command = rest[0].startswith("-") or rest[0] in COMMANDS
    if len(rest) > 1 or is_command:
        return None
    if arguments[:1] == ["gui"] or Path(rest[0]).exists() or "/" in rest[0] or "\\" in rest[0]:
        return (Path(rest[0]).absolute(),)
    return None


if __name__ == "__main__":
    sys.exit(main())
