"""Bundles on disk: written whole as a folder or a zip file, and opened again from either."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Final
from uuid import uuid4

from engine.bundle.contents import CERTIFICATE, MODEL, SELF_TEST, SIGNATURE, SUPPORT, is_own
from engine.errors import EngineError, ExportError, sentence_for
from engine.files import claimed, clear_leftovers, exchange
from engine.interchange.reading import opened_zip
from engine.words import say

ZIP_SUFFIX: Final = ".zip"
_MARKS: Final = frozenset((MODEL, SIGNATURE, CERTIFICATE))  # What has these is a bundle.
_READ: Final = (MODEL, SIGNATURE, SUPPORT)  # All that is unpacked from a zip to be read.
_UNFIT: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]')  # For names on some system or other.


def is_zip(path: Path) -> bool:
    """Whether a bundle of this name is a zip file."""
    return path.suffix.lower() == ZIP_SUFFIX


def check_place(out: Path) -> None:
    """Whether a bundle may be written there, known before an hour of work.

    Raises:
        ExportError: the folder around it is missing, or something else than a bundle is there.
    """
    if not out.parent.is_dir():
        raise ExportError(
            say("Could not write {path}: there is no folder {parent}.", path=out, parent=out.parent)
        )
    if is_zip(out):
        if out.is_dir():
            raise ExportError(say("Could not write {path}: it is a folder.", path=out))
        if os.path.lexists(out):
            _check_zip(out)
    elif os.path.lexists(out) and not _may_be_replaced(out):
        raise ExportError(
            say(
                "Could not write {path}: something else is there, which is left as it is. Choose "
                "another name, or an empty folder.",
                path=out,
            )
        )


def models_in(out: Path) -> list[str]:
    """The model files of a bundle that is there, by name; none where there is no bundle."""
    try:
        if is_zip(out):
            with zipfile.ZipFile(out) as archive:
                names = {PurePosixPath(name).name for name in archive.namelist()}
        else:
            names = set(os.listdir(out))
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return []
    return sorted(name for name in names if name.endswith(".onnx") and is_own(PurePosixPath(name)))


@contextmanager
def bundle_written_whole(out: Path) -> Iterator[Path]:
    """An empty folder whose files become the bundle ``out`` when the block ends well.

    Synced before it gets its name; removed if the block raises or its generator is closed. Of a
    bundle that was there before its own files are replaced; what else lies in its folder (a table
    of predictions, notes) stays. Anything but a bundle is not replaced.

    Raises:
        ExportError: as :func:`check_place`; or it cannot be written.
    """
    check_place(out)
    temporary = out.parent / f".handful-{uuid4().hex}"
    packed = out.parent / f".handful-{uuid4().hex}{ZIP_SUFFIX}"
    clear_leftovers(out.parent)
    claim = ExitStack()
    try:
        temporary.mkdir()
        claim.enter_context(claimed(temporary))
        yield temporary
        check_place(out)  # Again: it may have been an hour.
        if is_zip(out):
            _pack(temporary, packed, _UNFIT.sub("_", out.stem) or "model")
            _sync(packed)
            packed.replace(out)
        else:
            for path in temporary.rglob("*"):
                if path.is_file():
                    _sync(path)
            _take_its_name(temporary, out)
    except OSError as error:
        raise ExportError(sentence_for(error, out, say("write"))) from error
    finally:
        claim.close()
        shutil.rmtree(temporary, ignore_errors=True)
        with contextlib.suppress(OSError):
            packed.unlink()


@contextmanager
def opened_bundle(path: Path) -> Iterator[Path]:
    """The folder of a bundle that is one, or a zip file, for as long as it is read.

    Of a zip only the model and what describes it are unpacked, to a temporary folder.

    Raises:
        EngineError: there is no bundle.
    """
    if path.is_dir():
        if not (path / MODEL).is_file():
            raise EngineError(
                say("{path} is no bundle: there is no {name} in it.", path=path, name=MODEL)
            )
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="handful-bundle-") as folder:
        with opened_zip(path) as archive:
            _unpack(archive, Path(folder), path)
        yield Path(folder)


def _unpack(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    """The files at the top, or in the only folder there is."""
    members = {
        PurePosixPath(item.filename): item for item in archive.infolist() if not item.is_dir()
    }
    models = sorted((item for item in members if item.name == MODEL), key=lambda it: len(it.parts))
    if not models:
        raise EngineError(
            say("{path} is no bundle: there is no {name} in it.", path=path, name=MODEL)
        )
    try:
        for name in _READ:
            member = members.get(models[0].with_name(name))
            if member is not None:
                with archive.open(member) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: it wants a password.
        raise EngineError(
            say("{path} cannot be unpacked: it is damaged or encrypted.", path=path)
        ) from error


def _may_be_replaced(out: Path) -> bool:
    if not out.is_dir() or out.is_symlink():
        return False
    try:
        names = set(os.listdir(out))
    except OSError:
        return False
    return not names or names >= _MARKS


def _check_zip(out: Path) -> None:
    """Whether the file there is a bundle, and nothing but one."""
    foreign = ""
    try:
        with zipfile.ZipFile(out) as archive:
            members = [
                PurePosixPath(item.filename) for item in archive.infolist() if not item.is_dir()
            ]
        top = min((item for item in members if item.name == MODEL), key=lambda it: len(it.parts))
        inside = {item.relative_to(top.parent) for item in members if top.parent in item.parents}
        is_bundle = {PurePosixPath(name) for name in _MARKS} <= inside
        others = [item for item in members if not _is_own_in(item, top.parent)]
        foreign = str(others[0]) if others else ""
    except (OSError, ValueError, IndexError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        is_bundle = False  # ValueError also where there is no model, IndexError without a name.
    if not is_bundle:
        raise ExportError(
            say(
                "Could not write {path}: another file of that name is there, which is no bundle "
                "and is left as it is. Choose another name.",
                path=out,
            )
        )
    if foreign:
        raise ExportError(
            say(
                "Could not write {path}: the bundle there also holds “{name}”, which would be "
                "lost. Choose another name.",
                path=out,
                name=foreign,
            )
        )


def _is_own_in(member: PurePosixPath, top: PurePosixPath) -> bool:
    return top in member.parents and is_own(member.relative_to(top))


def _foreign(folder: Path) -> list[PurePosixPath]:
    """What lies in a bundle's folder and is not the bundle's own, relative to it."""
    found: list[PurePosixPath] = []
    for name in sorted(os.listdir(folder)):
        path, relative = folder / name, PurePosixPath(name)
        if path.is_symlink() or not path.is_dir():
            if not is_own(relative):
                found.append(relative)
        elif name == SELF_TEST:
            inside = (relative / item for item in sorted(os.listdir(path)))
            found += [item for item in inside if not is_own(item)]
        else:
            found.append(relative)
    return found


def _take_its_name(temporary: Path, out: Path) -> None:
    """Put the new bundle in the place of the old one, with what was somebody's in its folder.

    That is in both for a moment, so wherever this is cut short it is in one that is whole.
    """
    if not out.exists():
        temporary.replace(out)
        return
    for item in _foreign(out):
        (temporary / item).parent.mkdir(exist_ok=True)
        _carry(out / item, temporary / item)
    aside = temporary
    if not exchange(temporary, out):  # Else there is a moment in which neither has the name.
        aside = out.parent / f".handful-{uuid4().hex}"
        out.replace(aside)
        try:
            temporary.replace(out)
        except OSError:
            aside.replace(out)
            raise
    for item in _foreign(aside):
        if not os.path.lexists(out / item):  # It came in this very moment.
            (aside / item).replace(out / item)
    shutil.rmtree(aside, ignore_errors=True)


def _carry(source: Path, target: Path) -> None:
    """The same files under a second name; copies where the disk knows no hard links."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(source))
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)
    else:
        _link_or_copy(source, target)


def _link_or_copy(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
        with contextlib.suppress(OSError):  # Of what is protected from writing there is no handle.
            _sync(Path(target))


def _pack(folder: Path, out: Path, name: str) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{name}/{path.relative_to(folder).as_posix()}")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
