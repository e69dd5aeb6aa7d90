"""The origin of the program's data: Azure's, a simulated Azure's or the demo's, each in its folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hotpatch_gui.domain.clouds import Cloud, simulated
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.system.data_folder import default_data_dir, portable_data_dir, program_dir
from hotpatch_gui.translation import translator

from . import targets
from .targets import SIMULATOR_FILE, CloudTarget

if TYPE_CHECKING:
    from .user_actions import NextSession

DEMO_FOLDER = "demo"

tr = translator("DataOrigins")


class DataOrigin(NamedTuple):
    """The data source, and the folder of its data."""

    folder: Path
    cloud: Cloud | None = None
    """A simulated Azure on this computer; None for the demo and for Azure."""
    is_demo: bool = False
    scenario: str | None = None
    """The demo's scenario if it restarts; None if it continues."""
    is_first: bool = False
    """The first start: the welcome dialog opens."""


def root_of(options: argparse.Namespace) -> Path:
    """The folder of Azure's data, which contains those of the demo and simulated clouds.

    Raises:
        PortableError: the program is portable, and its folder can't be written.
    """
    folder: Path = options.data_dir or portable_data_dir(program_dir()) or default_data_dir()
    return folder.absolute()


def read_data_origin(
    options: argparse.Namespace, parser: argparse.ArgumentParser, root: Path
) -> DataOrigin:
    """The data that the options select. Raises SystemExit with the usage if they contradict."""
    selects_demo = options.demo or options.reset_demo or options.scenario
    if options.endpoint and selects_demo:
        parser.error(tr("--endpoint can't be combined with --demo, --reset-demo or --scenario"))
    if options.scenario:
        from hotpatch_gui.simulator.scenarios import SCENARIOS  # noqa: PLC0415 - rarely needed, and slow to load

        if options.scenario not in SCENARIOS:
            parser.error(
                tr(
                    "unknown scenario {scenario}; choose from {names}",
                    scenario=options.scenario,
                    names=", ".join(SCENARIOS),
                )
            )
    if options.endpoint:
        try:
            cloud = simulated(options.endpoint)
        except ValueError as error:
            parser.error(str(error))
        return DataOrigin(root / "simulated" / cloud.host.replace(":", "-"), cloud)
    has_azure = (root / FILE_NAME).exists()
    if (has_azure or options.command) and not selects_demo:
        return DataOrigin(root)
    folder = root / DEMO_FOLDER
    if (
        options.command
        and (options.scenario or options.reset_demo)
        and (folder / FILE_NAME).exists()
    ):
        parser.error(
            tr("a command continues the existing demo; only the window can start a new one")
        )
    scenario = options.scenario or ("today" if options.reset_demo else None)
    is_first = not (has_azure or selects_demo or (folder / FILE_NAME).exists())
    return DataOrigin(folder, is_demo=True, scenario=scenario, is_first=is_first)


def data_origin_after(what: NextSession | None, root: Path) -> DataOrigin | None:
    """The data of the next window; None if there is none."""
    if what is None:
        return None
    if what.is_azure:
        return DataOrigin(root)
    return DataOrigin(root / DEMO_FOLDER, is_demo=True, scenario=what.scenario)


def target_of(origin: DataOrigin) -> CloudTarget:
    """The cloud that supplies this data."""
    if origin.is_demo:
        return targets.demo_target(
            lambda: targets.demo_simulator(origin.folder, origin.scenario or "today")
        )
    return targets.simulated_target(origin.cloud) if origin.cloud else targets.azure_target()


def reset_demo(folder: Path) -> bool:
    """Delete the demo's data; False, without deleting, if the folder contains other data."""
    if (folder / FILE_NAME).exists() and not (folder / SIMULATOR_FILE).exists():
        return False
    for name in (SIMULATOR_FILE, FILE_NAME):
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
    return True
