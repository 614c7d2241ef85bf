"""The command line's commands, and what becomes of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import typer

from engine.cli.benchmark import benchmark_command
from engine.cli.cache import cache
from engine.cli.classify import classify
from engine.cli.crops import crops_commands
from engine.cli.doctor import doctor
from engine.cli.encoder import encoder_commands
from engine.cli.export import export
from engine.cli.labels import labels_commands
from engine.cli.meta_evaluate import meta_evaluate_command
from engine.cli.meta_train import meta_train_command
from engine.cli.options import ClickException, UsageError
from engine.cli.recover import recover_command
from engine.cli.sort import sort_commands
from engine.cli.stopping import Stopped
from engine.cli.tag import tag_commands
from engine.cli.window import OpenWindow, demo, gui
from engine.cli.wrong_use import sentence_for
from engine.errors import WITHOUT_TORCH, DamagedProjectError, EngineError, is_without_torch
from engine.project_backups import SUFFIX
from engine.terminal import tell, typed

_INTERRUPTED: Final = 130

app = typer.Typer(
    name="handful",
    help="Label a handful of images; a meta-trained network classifies the rest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# In the order in which the help lists them.
app.command()(gui)
app.command()(demo)
app.command()(classify)
app.command()(export)
app.add_typer(sort_commands, name="sort")
app.add_typer(labels_commands, name="labels")
app.add_typer(crops_commands, name="crops")
app.command("benchmark")(benchmark_command)
app.command("meta-train")(meta_train_command)
app.command("meta-evaluate")(meta_evaluate_command)
app.command()(cache)
app.command()(doctor)
app.command("recover")(recover_command)
app.add_typer(tag_commands, name="tag")
app.add_typer(encoder_commands, name="encoder")


def main(arguments: Sequence[str], open_window: OpenWindow | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: as typed, without the program's name.
        open_window: how to open the window; None where there is no window (``python -m engine``).
    """
    try:
        status = app(
            args=list(arguments), prog_name="handful", standalone_mode=False, obj=open_window
        )
        code = int(status or 0)
    except typer.Exit as stop:
        code = int(stop.exit_code)
    except SystemExit as stop:  # typer's way out when whoever read our output has gone.
        code = int(stop.code or 0)
    except ClickException as error:  # Wrong use, exit status 2.
        _tell_wrong_use(error, arguments)
        code = int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except Stopped as stopped:
        if text := str(stopped):
            tell(text)
        return _INTERRUPTED
    except EngineError as error:
        tell(str(error))
        path = error.path if isinstance(error, DamagedProjectError) else None
        is_project = path is not None and path.suffix == SUFFIX  # By its name at least.
        if path is not None and is_project and list(arguments[:1]) != ["recover"]:
            tell(f"handful recover {typed(path)} repairs it, as far as that can be done.")
        code = 1
    except OSError as error:
        tell(f"{error}.")
        code = 1
    except ModuleNotFoundError as error:
        if not is_without_torch(error):
            raise
        tell(WITHOUT_TORCH)
        code = 1
    if code == _INTERRUPTED:
        tell("Interrupted. Images that were read are kept: another run need not read them again.")
    return code


def _tell_wrong_use(error: Any, arguments: Sequence[str]) -> None:
    if not isinstance(error, UsageError) or type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # The help itself, where no command was given.
        return
    tell(sentence_for(error, arguments))
    if error.ctx is not None:
        tell(f"{error.ctx.command_path} --help says more.")
