"""``new-machine``: the file that makes a machine with hotpatch, or the machine itself."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.machine_files import Format, encoded, written
from hotpatch_gui.domain.new_machine import IMAGES, NewMachine, SecurityType, faults
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.translation import translator

from .common import CommandError, Exit

if TYPE_CHECKING:
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("NewMachineCommand")

FORMATS = {Path(f.file_name).suffix: f for f in Format}
ORCHESTRATIONS = {
    "azure": Orchestration.SAFE_DEPLOYMENT,
    "schedules": Orchestration.CUSTOMER_SCHEDULES,
    "windows": Orchestration.WINDOWS_AUTOMATIC,
    "manual": Orchestration.MANUAL,
}


def new_machine(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Write the file of a new machine, its format by the extension, or create the machine.

    Raises:
        CommandError: the extension isn't known, Azure would reject the machine, or the file can't be written.
    """
    if not (options.out or options.check or options.deploy):
        raise CommandError(tr("Add --out FILE, --check or --deploy."), Exit.USAGE)
    machine = _machine(options)
    found = faults(machine)
    if found:
        raise CommandError(" ".join(fault.sentence for fault in found), Exit.USAGE)
    if options.out:
        _write(options.out, machine)
    if options.check or options.deploy:
        from .deploying import deploy  # noqa: PLC0415 - the engine, only to ask Azure

        return deploy(options, machine, folder, target)
    print(json.dumps({"file": str(options.out)}) if options.json else options.out)
    return Exit.DONE


def _write(path: Path, machine: NewMachine) -> None:
    form = FORMATS.get(path.suffix.casefold())
    if form is None:
        raise CommandError(
            tr(
                "The extension of {name} isn't supported. Use one of: {formats}.",
                name=path.name,
                formats=", ".join(FORMATS),
            ),
            Exit.USAGE,
        )
    try:
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(encoded(written(machine, form), form))
        part.replace(path)
    except OSError as error:
        raise CommandError(
            tr("{path} can't be written: {why}.", path=path, why=error.strerror or error)
        ) from error


def _machine(options: argparse.Namespace) -> NewMachine:
    image = next((i for i in IMAGES if (i.sku or "") == options.image.casefold()), None)
    if image is None:
        raise CommandError(
            tr(
                "{image} isn't an image with hotpatch. Choose from {known}.",
                image=options.image,
                known=", ".join(i.sku or "" for i in IMAGES),
            ),
            Exit.USAGE,
        )
    return NewMachine(
        options.name,
        options.resource_group,
        options.location,
        options.size,
        options.admin,
        image,
        options.zone,
        SecurityType.STANDARD if options.no_trusted_launch else SecurityType.TRUSTED_LAUNCH,
        not options.no_hotpatch,
        ORCHESTRATIONS[options.orchestration],
        not options.no_periodic_assessment,
        RestartSetting(options.reboot),
        options.time_zone,
        options.subnet,
    )
