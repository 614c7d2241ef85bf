"""Which devices there are, found without loading anything heavy."""

from __future__ import annotations

import ctypes
import sys
from importlib import util


def has_openvino() -> bool:
    """Whether there is an ``openvino`` to import; imports nothing."""
    return util.find_spec("openvino") is not None


def has_nvidia_device() -> bool:
    """Whether the NVIDIA driver is there and counts a device; imports nothing heavy."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and count.value > 0
    )
