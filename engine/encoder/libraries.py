"""What timm and torchvision know by name: networks, their preprocessing, where their weights are.

Nothing here opens a connection. timm is optional; whoever asks for one of its networks without it
is told how to get it.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch
import torchvision  # type: ignore[import-untyped]  # It has no types.
from torch import Tensor, nn

from engine.encoder.description import BICUBIC, BILINEAR, Preprocessing
from engine.errors import EncoderError, sentence_for
from engine.words import say

TIMM: Final = "timm"
TORCHVISION: Final = "torchvision"
UNKNOWN_LICENCE: Final = "unknown; ask its makers"

_HASH_IN_URL: Final = re.compile(r"-([a-f0-9]{8,64})\.\w+$")  # As torch.hub reads it.
_IN_REGISTRY: Final = re.compile(r"[A-Za-z0-9_.-]+")
_HUB_FILES: Final = ("model.safetensors", "pytorch_model.bin")
_BICUBIC: Final = frozenset({"bicubic", "lanczos"})

# How torchvision's classification networks call what follows their pooled features.
_HEADS: Final = ("fc", "classifier", "heads", "head")
# Networks whose published weights hold more than the features need, and what they are built with.
_WITH_AUXILIARIES: Final[Mapping[str, Mapping[str, Any]]] = {
    name: {"init_weights": False, "aux_logits": False, "transform_input": True}
    for name in ("googlenet", "inception_v3")
}
_LEFT_OUT: Final = re.compile(r"^((fc|classifier|heads?|aux\d|AuxLogits)\.|.*num_batches_tracked$)")
# DenseNet's published weights have names from before torch 0.4.
_OLD_DENSE_NAME: Final = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


@dataclass(frozen=True, slots=True)
class NamedNetwork:
    """A network as its library knows it.

    Attributes:
        library: ``TIMM`` or ``TORCHVISION``.
        version: of the library.
        model: its whole name there, that of the weights included, as in "resnet18.a1_in1k".
        preprocessing: what it was trained with; whole images are stretched, see ``Fit``.
        urls: where its weights can be had, to be tried in this order; none where nobody gives any.
        sha256: how the hash of that file begins; empty where it is not known.
        kept: the same file where the library has downloaded it before.
        licence: of the weights.
        n_classes: of the classifier in its published weights, 0 without one.
    """

    library: str
    version: str
    model: str
    preprocessing: Preprocessing
    urls: tuple[str, ...]
    sha256: str
    kept: Path | None
    licence: str
    n_classes: int

    @property
    def name(self) -> str:
        """What the person may call it."""
        return f"{self.library}:{self.model}"

    def is_published(self, weights: Path) -> bool:
        """Whether a file is known, by its hash, to be the one that the library publishes.

        Raises:
            EncoderError: it cannot be read.
        """
        if not self.sha256:
            return False
        try:
            with weights.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest().startswith(self.sha256)
        except OSError as error:
            raise EncoderError(sentence_for(error, weights, say("read the weights"))) from error


def look_up(name: str) -> NamedNetwork:
    """A network by name, "timm:NAME" or "torchvision:NAME".

    Raises:
        EncoderError: the library is not there or has no such network for colour images.
    """
    library, colon, model = name.partition(":")
    find = {TIMM: _find_in_timm, TORCHVISION: _find_in_torchvision}.get(library)
    if find is None or not colon or not model:
        raise EncoderError(
            say(
                "{name!r} is not the name of a network; names look like timm:resnet18 or "
                "torchvision:resnet18.",
                name=name,
            )
        )
    return find(model)


def structure(library: str, model: str, size_px: int) -> nn.Module:
    """A network without weights of its own or a classifier: it gives the features before that.

    Raises:
        EncoderError: the library is not there or has no such network.
    """
    with torch.random.fork_rng(devices=[]):  # The weights drawn here are none of ours.
        if library == TIMM:
            timm = _timm()
            # An encoder file may be anybody's, and timm takes names that begin with "hf-hub:" or
            # "local-dir:" for places to fetch a description from.
            if not _IN_REGISTRY.fullmatch(model) or not timm.is_model(model):
                raise _cannot_build(library, timm.__version__, model)
            try:
                trunk: nn.Module = timm.create_model(model, pretrained=False, num_classes=0)
            except (RuntimeError, ValueError) as error:
                raise _cannot_build(library, timm.__version__, model) from error
        elif library == TORCHVISION:
            try:
                trunk = _torchvision_trunk(model.partition(".")[0], size_px)
            except ValueError as error:
                raise _cannot_build(library, torchvision.__version__, model) from error
        else:
            raise EncoderError(
                say("This version of Handful knows no library called {library!r}.", library=library)
            )
    return trunk.eval()


def trunk_with(network: NamedNetwork, state: Mapping[str, Tensor]) -> nn.Module:
    """The network as :func:`structure` gives it, with weights as its library publishes them.

    Args:
        state: parameter name -> tensor; a classifier's may be among them, of any number of
            classes.

    Raises:
        EncoderError: some are missing, or they are another network's; a clause.
    """
    trunk = structure(network.library, network.model, network.preprocessing.size_px)
    own = trunk.state_dict()
    try:
        if network.library == TIMM:
            loaded = _loaded_by_timm(network, dict(state))
        else:
            loaded = {_OLD_DENSE_NAME.sub(r"\1\2", key): value for key, value in state.items()}
            # The classifier is left out, and parts of it that come before its first layer are not.
            loaded = {
                key: value
                for key, value in loaded.items()
                if key in own or not _LEFT_OUT.match(key)
            }
            load_floats(trunk, loaded)
        load_floats(trunk, {key: loaded[key] for key in floats_of(trunk)})
    except (RuntimeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise EncoderError(
            say("not those of {name} ({reason})", name=network.name, reason=_reason(error))
        ) from error
    return trunk


def load_floats(trunk: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a trunk its weights as an encoder file holds them.

    Raises:
        RuntimeError: they do not fit.
    """
    own = trunk.state_dict()
    state = OrderedDict({**_integers_of(own), **weights})
    # With versions of modules, without which some (MNASNet's) take the weights for old ones.
    state._metadata = own._metadata  # type: ignore[attr-defined]
    trunk.load_state_dict(state)


def floats_of(trunk: nn.Module) -> dict[str, Tensor]:
    """What an encoder file holds of a trunk: integers are made by the network itself."""
    state = trunk.state_dict()
    return {key: value for key, value in state.items() if value.is_floating_point()}


def _integers_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not value.is_floating_point()}


def _timm() -> ModuleType:
    try:
        import timm  # type: ignore[import-untyped, unused-ignore]  # Optional; it has no types.
        import timm.models
    except ImportError as error:
        raise EncoderError(
            say("Networks of timm need the package timm, which is not installed: pip install timm.")
        ) from error
    module: ModuleType = timm
    return module


def _find_in_timm(model: str) -> NamedNetwork:
    timm = _timm()
    if not timm.is_model(model):
        raise _no_such(TIMM, timm.__version__, model, timm.list_models())
    try:
        known = timm.models.get_pretrained_cfg(model)
    except RuntimeError:
        tagged = timm.list_pretrained(f"{model.partition('.')[0]}.*")
        raise _no_such(TIMM, timm.__version__, model, tagged) from None
    if known is None:
        raise EncoderError(say("timm says nothing of how {model} takes images.", model=model))
    channels, height, width = known.input_size
    if (channels, height) != (3, width):
        raise EncoderError(
            say(
                "timm:{model} takes images of {channels} x {height} x {width}; Handful's encoders "
                "take square ones in three colours.",
                model=model,
                channels=channels,
                height=height,
                width=width,
            )
        )
    urls: tuple[str, ...] = (known.url,) if known.url else ()
    kept = None
    if known.hf_hub_id:
        from huggingface_hub import hf_hub_url

        files = (known.hf_hub_filename,) if known.hf_hub_filename else _HUB_FILES
        urls = tuple(hf_hub_url(known.hf_hub_id, file) for file in files)
        kept = _in_hub_cache(known.hf_hub_id, files)
    return NamedNetwork(
        library=TIMM,
        version=str(timm.__version__),
        model=f"{known.architecture}.{known.tag}" if known.tag else str(known.architecture),
        preprocessing=Preprocessing(
            size_px=int(height),
            resampling=BICUBIC if known.interpolation in _BICUBIC else BILINEAR,
            mean=_three(known.mean),
            std=_three(known.std),
        ),
        urls=urls,
        sha256=_hash_in(urls),
        kept=kept or _in_torch_cache(urls),
        licence=known.license or UNKNOWN_LICENCE,
        n_classes=int(known.num_classes),
    )


def _find_in_torchvision(model: str) -> NamedNetwork:
    models = torchvision.models
    version = str(torchvision.__version__)
    architecture, _, tag = model.partition(".")
    known = models.list_models(module=models)
    if architecture in models.list_models() and architecture not in known:
        raise EncoderError(
            say(
                "{name} does not classify whole images but finds objects, segments or watches "
                "videos, so no encoder can be made of it.",
                name=f"{TORCHVISION}:{architecture}",
            )
        )
    if architecture not in known:
        raise _no_such(TORCHVISION, version, model, known)
    published = models.get_model_weights(architecture)
    if tag and tag not in published.__members__:
        tagged = [f"{architecture}.{item.name}" for item in published]  # Each under one name.
        raise _no_such(TORCHVISION, version, model, tagged)
    weights = published[tag] if tag else published.DEFAULT
    seen = weights.transforms()
    size = seen.crop_size[0] if isinstance(seen.crop_size, Sequence) else seen.crop_size
    return NamedNetwork(
        library=TORCHVISION,
        version=version,
        model=f"{architecture}.{weights.name}",
        preprocessing=Preprocessing(
            size_px=int(size),
            resampling=BICUBIC if seen.interpolation.value in _BICUBIC else BILINEAR,
            mean=_three(seen.mean),
            std=_three(seen.std),
        ),
        urls=(weights.url,),
        sha256=_hash_in((weights.url,)),
        kept=_in_torch_cache((weights.url,)),
        licence=weights.meta.get("license") or UNKNOWN_LICENCE,
        n_classes=len(weights.meta["categories"]),
    )


def _torchvision_trunk(architecture: str, size_px: int) -> nn.Module:
    options = dict(_WITH_AUXILIARIES.get(architecture, {}))
    if architecture.startswith("vit_"):
        options["image_size"] = size_px
    trunk: nn.Module = torchvision.models.get_model(architecture, weights=None, **options)
    name = next(name for name in _HEADS if hasattr(trunk, name))
    head = getattr(trunk, name)
    if architecture.startswith("squeezenet"):
        head = nn.AdaptiveAvgPool2d(1)  # Its classifier is a convolution that is pooled.
    elif architecture.startswith(("alexnet", "vgg")):
        # Thousands of numbers, place by place, would go into their classifiers.
        trunk.avgpool = nn.AdaptiveAvgPool2d(1)
        head = nn.Identity()
    elif isinstance(head, nn.Sequential):
        # What comes before the first layer that mixes features: pooling, normalisation.
        layers = list(head)
        first = next(index for index, layer in enumerate(layers) if isinstance(layer, nn.Linear))
        head = nn.Sequential(*layers[:first])
    else:
        head = nn.Identity()
    setattr(trunk, name, head)
    return trunk


def _loaded_by_timm(network: NamedNetwork, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of timm's own network after it has taken ``state``, as it converts it.

    timm is strict only where the classifier is as large as that of the weights.
    """
    timm = _timm()
    known = timm.models.get_pretrained_cfg(network.model)
    names = (known.classifier,) if isinstance(known.classifier, str) else known.classifier or ()
    rows = [len(state[f"{name}.weight"]) for name in names if f"{name}.weight" in state]
    # Without a classifier; or with one that timm will find under another name.
    counts = rows[:1] or [0, network.n_classes]
    for count in counts:
        given = {"state_dict": dict(state), "num_classes": count, "label_offset": 0}
        try:
            with torch.random.fork_rng(devices=[]):
                model: nn.Module = timm.create_model(
                    network.model,
                    pretrained=True,
                    pretrained_cfg_overlay=given,
                    num_classes=count,
                )
        except (RuntimeError, KeyError):
            if count == counts[-1]:
                raise
        else:
            return model.state_dict()
    raise AssertionError("unreachable")


def _in_hub_cache(repository: str, files: Sequence[str]) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    for file in files:
        found = try_to_load_from_cache(repository, file)
        if isinstance(found, str):
            return Path(found)
    return None


def _in_torch_cache(urls: Sequence[str]) -> Path | None:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    paths = [folder / url.rpartition("/")[2] for url in urls]
    return next((path for path in paths if path.is_file()), None)


def _hash_in(urls: Sequence[str]) -> str:
    found = _HASH_IN_URL.search(urls[0]) if urls else None
    return found.group(1) if found else ""


def _no_such(library: str, version: str, model: str, known: Sequence[str]) -> EncoderError:
    near = difflib.get_close_matches(model, known, n=3, cutoff=0.5)
    if not near:
        return EncoderError(
            say(
                "{library} {version} has no network called {model!r}.",
                library=library,
                version=version,
                model=model,
            )
        )
    return EncoderError(
        say(
            "{library} {version} has no network called {model!r}; did you mean {near}?",
            library=library,
            version=version,
            model=model,
            near=", ".join(near),
        )
    )


def _cannot_build(library: str, version: str, model: str) -> EncoderError:
    return EncoderError(
        say(
            "{library} {version}, which is installed, cannot build {model!r}.",
            library=library,
            version=version,
            model=model,
        )
    )


def _reason(error: Exception) -> str:
    """The end of torch's many lines, which says what is missing or too much."""
    if isinstance(error, KeyError):
        return say("{weight} is missing", weight=error.args[0])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = (lines[1:] or lines or [type(error).__name__])[0].rstrip(".")
    if text.startswith("Missing"):  # "Missing key(s) in state_dict"
        first, *others = re.findall(r'"([^"]+)"', text)
        if not others:
            return say("{weight} is missing", weight=first)
        return say("{weight} and {count} more are missing", weight=first, count=len(others))
    return text if len(text) <= 160 else f"{text[:157]}..."


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
