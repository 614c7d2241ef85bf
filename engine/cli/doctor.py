"""``handful doctor``."""

from __future__ import annotations

from dataclasses import asdict

from engine.cli.options import Device, DeviceOption, EncoderFile, JsonOption
from engine.terminal import print_json, print_list, tell
from engine.worker import default_cache_folder


def doctor(
    device: DeviceOption = Device.AUTO,
    encoder: EncoderFile = None,
    as_json: JsonOption = False,
) -> int:
    """Show versions, devices, providers in use and the cache, and test one image."""
    from engine.doctor import examine, report_lines

    report = examine(default_cache_folder(), device.value, encoder)
    if as_json:
        for line in report_lines(report):
            tell(line)
        print_json(asdict(report))
    else:
        print_list(report_lines(report))
    return 0 if report.is_well else 1
