"""``handful encoder``: adding, listing and removing encoders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.encoder.catalogue import EncoderInfo, list_encoders, remove_encoder
from engine.errors import EncoderError
from engine.messages import AddEncoder, EncoderAdded, Event
from engine.terminal import print_json, run, tell
from engine.worker import default_cache_folder, default_encoders_folder

_REQUEST: Final = 0

encoder_commands = typer.Typer(
    help="Other encoders: any network of timm or torchvision, or an encoder file.",
    no_args_is_help=True,
)

_Json = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output as well.", metavar="")
]


@encoder_commands.command("add")
def add_command(
    name: Annotated[
        str,
        typer.Argument(
            help="timm:NAME or torchvision:NAME; nothing where --weights is an encoder file."
        ),
    ] = "",
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights",
            help="A file with the network's weights (safetensors, or a torch file of tensors "
            "only), which are otherwise downloaded; or an encoder file of Handful's.",
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Make an encoder of a network by name; its weights are downloaded unless a file has them."""
    if not name and weights is None:
        raise typer.BadParameter("Give the name of a network, or --weights with an encoder file.")
    from engine.jobs.encoders import add_encoder

    added: list[EncoderAdded] = []

    def note(event: Event) -> None:
        if isinstance(event, EncoderAdded):
            added.append(event)

    command = AddEncoder(_REQUEST, name, weights)
    run(add_encoder(command, default_encoders_folder(), default_cache_folder()), note)
    (done,) = added
    (info,) = [info for info in _known() if info.path == done.path]
    tell(f"{info.name} can be used: --encoder {info.path}")
    tell(f"Licence of its weights: {info.licence}.")
    if as_json:
        print_json(_described(info))


@encoder_commands.command("list")
def list_command(as_json: _Json = False) -> None:
    """List the encoders there are."""
    infos = _known()
    for info in infos:
        tell(
            f"{info.name}: {info.embedding_length} numbers an image, "
            f"{info.size_bytes / 1e6:.1f} MB, licence {info.licence}\n  {info.path}"
        )
    if as_json:
        print_json([_described(info) for info in infos])


@encoder_commands.command("remove")
def remove_command(
    encoder: Annotated[str, typer.Argument(help="Its name or its file, as list shows them.")],
) -> None:
    """Delete an encoder that was added."""
    found = [info for info in _known() if encoder in (info.name, info.path.name, str(info.path))]
    if len(found) != 1:
        several = "several encoders are" if found else "no encoder is"
        raise EncoderError(f"{several.capitalize()} called {encoder!r}; see handful encoder list.")
    remove_encoder(found[0].path, default_cache_folder())
    tell(f"{found[0].name} was deleted.")


def _known() -> tuple[EncoderInfo, ...]:
    return list_encoders(default_encoders_folder())


def _described(info: EncoderInfo) -> dict[str, object]:
    return {**asdict(info), "path": str(info.path)}
