"""A process that cannot reach any network, and ends at once where anything in it tries to.

    python -m tests.offline MODULE [ARGUMENTS ...]

runs a module so. Two nets: Python tells an audit hook of every connection and every look-up of a
name; and on Linux the kernel itself (seccomp) ends this process, and all that it starts, at the
call by which an internet socket is made, whoever makes it: Python, Qt, onnxruntime, torch.
"""

from __future__ import annotations

import ctypes
import os
import platform
import runpy
import struct
import sys

BLOCKED = 86
"""The exit status where Python code tried; where the kernel ended it, it is minus SIGSYS."""

_INTERNET = (2, 10)  # AF_INET, AF_INET6 on Linux.
_ASKING = frozenset(
    ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
)
_TALKING = frozenset(("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"))
# The number of the call socket(), and how the kernel calls the processor (linux/audit.h).
_SOCKET_CALLS = {"x86_64": (41, 0xC000003E), "aarch64": (198, 0xC00000B7)}
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_FILTER_MODE = 2
_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000


def lock() -> bool:
    """Close the network for good; whether the kernel sees to it, too."""
    sys.addaudithook(_no_network)
    return _lock_kernel()


def _no_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in _ASKING or (event in _TALKING and isinstance(arguments[1], tuple)):
        os.write(2, f"the network was asked for: {event} {arguments[1:]}\n".encode())
        os._exit(BLOCKED)  # An exception could be caught.


def _lock_kernel() -> bool:
    known = _SOCKET_CALLS.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    number, processor = known
    load, equal, end = 0x20, 0x15, 0x06  # BPF: load a word, jump if equal, return.
    program = (
        (load, 0, 0, 4),  # The processor.
        (equal, 0, 6, processor),
        (load, 0, 0, 0),  # The number of the call.
        (equal, 0, 4, number),
        (load, 0, 0, 16),  # Its first argument: the family of addresses.
        (equal, 1, 0, _INTERNET[0]),
        (equal, 0, 1, _INTERNET[1]),
        (end, 0, 0, _KILL_PROCESS),
        (end, 0, 0, _ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.c_char_p(head), 0, 0) == 0)


if __name__ == "__main__":
    lock()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
