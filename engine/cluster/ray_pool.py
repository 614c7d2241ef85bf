"""Ray: a cluster that is there, or one of this computer's cores, and its workers' parts."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from engine.cluster.listing import Listing
from engine.cluster.node import PartWorker
from engine.cluster.parts import Counts
from engine.cluster.storage import Storage
from engine.encoder.runtime import usable_cores
from engine.errors import EngineError
from engine.words import Sentence, say

LOCAL: Final = "local"
_AUTO: Final = "auto"  # What RAY_ADDRESS says, else the one that runs on this computer.
_LOCAL_STORE_BYTES: Final = 256 << 20  # Names go through it and counts come back: a little.
_TASKS_AHEAD: Final = 2  # Of an actor: its next part is there when one is done.
_ANSWER_S: Final = 10.0
_NOT_INSTALLED: Final = say(
    '--cluster needs Ray, which is not installed: pip install "handful[cluster]"'
)
_LONGEST_FOLDER: Final = 40  # Ray puts Unix sockets below it, whose paths have 107 bytes at most.


@dataclass(frozen=True, slots=True)
class Cluster:
    """Ray's computers, as many workers as they have GPUs, or cores where they have none.

    Attributes:
        n_workers: how many parts are worked on at a time.
        n_threads: cores of each worker, on which it decodes.
        n_gpus: GPUs of each worker, 0 or 1.
    """

    address: str
    n_workers: int
    n_threads: int
    n_gpus: int

    def classify(self, listing: Listing, n_rows: int, out: Storage) -> Iterator[tuple[Counts, str]]:
        """Have parts of ``n_rows`` images written into the run of ``out``; as they are done.

        Ray starts a worker anew that died, and gives its parts to it or another.

        Yields:
            What is in a part, and why it could not be written, empty where it was.
        """
        import ray.data

        blocks = listing.blocks(n_rows)
        n_workers = min(self.n_workers, len(blocks))
        pool = ray.data.ActorPoolStrategy(
            min_size=n_workers if self.address == LOCAL else 1,
            max_size=n_workers,
            initial_size=n_workers,
            max_tasks_in_flight_per_actor=_TASKS_AHEAD,
        )
        done = ray.data.from_arrow(blocks).map_batches(
            PartWorker,
            fn_constructor_args=(out.address, self.n_threads),
            batch_size=1,
            batch_format="pyarrow",
            compute=pool,
            num_cpus=self.n_threads,
            num_gpus=self.n_gpus or None,
        )
        told: Any = done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
        for table in told:
            for row in table.to_pylist():
                failure = row.pop("failure")
                yield Counts(**row), failure


def check_cluster(address: str) -> None:
    """Whether there is any use in beginning, known before examples are learnt from.

    Raises:
        EngineError: Ray is not installed, or nothing listens at the address.
    """
    if find_spec("ray") is None:
        raise EngineError(_NOT_INSTALLED)
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # "local", "auto": Ray looks for it.
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, OverflowError) as error:
        why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else error
        raise EngineError(
            say("There is no Ray cluster at {address}: {why}.", address=address, why=why)
        ) from error


def beginning(address: str) -> Sentence:
    """What a person is told before :func:`opened_cluster`, which takes seconds."""
    if address == LOCAL:
        return say("Starting Ray on this computer, which takes some seconds.")
    if address == _AUTO:
        found = os.environ.get("RAY_ADDRESS", "")
        if not found:
            return say("Joining the Ray cluster of this computer, which takes some seconds.")
        address = found
    return say("Joining the Ray cluster at {address}, which takes some seconds.", address=address)


@contextmanager
def opened_cluster(address: str, device: str) -> Iterator[Cluster]:
    """Join a cluster for as long as the block lasts.

    Args:
        address: "local" starts one of this computer's cores, which talks to itself alone; else as
            Ray takes it: "auto", "host:port", "ray://host:port".
        device: "cpu" leaves GPUs alone.

    Raises:
        EngineError: Ray is not installed, or no cluster answers there.
    """
    ray = _ray(is_local=address == LOCAL)
    common: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    with contextlib.ExitStack() as stack:
        if address == LOCAL:
            common |= {
                "num_cpus": usable_cores(),
                "num_gpus": 0 if device == "cpu" else None,
                "include_dashboard": False,
                "object_store_memory": _LOCAL_STORE_BYTES,
                "_temp_dir": stack.enter_context(_short_folder()),
            }
        try:
            with _quiet_stderr():
                ray.init(address=address, **common)
        except Exception as error:  # ConnectionError, ValueError, RuntimeError, by the address.
            why = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise EngineError(
                say("There is no Ray cluster at {address}: {why}.", address=address, why=why)
            ) from error
        # What Ray has to tell (a worker died, no node is free), some of it only when it is left, is
        # nothing for programs to read.
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        stack.callback(ray.shutdown)
        _quieten(ray)
        yield _workers_of(ray, address, device)


def _workers_of(ray: Any, address: str, device: str) -> Cluster:
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    with_gpu = [node for node in nodes if node.get("GPU", 0) >= 1 and node.get("CPU", 0) >= 1]
    if with_gpu and device != "cpu":
        n_gpus = sum(int(node["GPU"]) for node in with_gpu)
        cores = min(int(node["CPU"] // int(node["GPU"])) for node in with_gpu)
        return Cluster(address, n_gpus, max(1, cores), 1)
    n_cores = sum(int(node.get("CPU", 0)) for node in nodes)
    if not n_cores:
        raise EngineError(say("The Ray cluster at {address} has no free cores.", address=address))
    return Cluster(address, n_cores, 1, 0)


def _ray(*, is_local: bool) -> Any:
    """The package, told before it is loaded to tell nobody of itself."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if is_local:
        # Ray's own switch for systems where it runs on one computer alone: it then knows no other
        # address than 127.0.0.1, and listens on no other.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise EngineError(_NOT_INSTALLED) from error
    return ray


def _quieten(ray: Any) -> None:
    """Ray Data's own progress is not what a person of ours waits for."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Ray's own processes and threads say nothing to a person's terminal while they are started.

    WORKAROUND: the C++ side tells its log level, whatever that level is
    (https://github.com/ray-project/ray, src/ray/util/logging.cc).
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _short_folder() -> Iterator[str]:
    place = tempfile.gettempdir()
    if len(place) + len("/handful-ray-12345678") > _LONGEST_FOLDER and sys.platform != "win32":
        place = "/tmp"
    with tempfile.TemporaryDirectory(
        prefix="handful-ray-", dir=place, ignore_cleanup_errors=True
    ) as folder:
        yield folder
