"""The command line: the window by default, and the commands beside it."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import __version__
from .domain.clouds import Cloud, simulated
from .system.data_folder import PortableError, default_data_dir, portable_data_dir, program_dir

if TYPE_CHECKING:
    from PySide6.QtCore import QLockFile

    from .application.requests import Next
    from .application.targets import Target

FILE_NAME = "hotpatch.sqlite3"
EXIT_FAILED, EXIT_USAGE = 1, 2
DEMO_FOLDER = "demo"
SIMULATOR_FILE = "simulated-azure.sqlite3"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = build_parser(with_commands=not _OF_THE_WINDOW.issuperset(_words(given)))
    options = parser.parse_args(given)
    if options.self_test:
        from . import self_test  # noqa: PLC0415 - asked for by installers alone

        return self_test.run()
    match options.command:
        case "simulate":
            return simulate(options)
        case "capture":
            return capture(options)
    try:
        root = root_of(options)
    except PortableError as error:
        print(error, file=sys.stderr)
        if options.command is None and has_display():
            _say(str(error))
        return EXIT_FAILED
    world = read_world(options, parser, root)
    try:
        world.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or "it can't be made"
        text = f"{world.folder} can't be the data folder: {why}. Name another one with --data-dir."
        print(text, file=sys.stderr)
        if options.command is None and has_display():
            _say(text)
        return EXIT_FAILED
    if options.command is None:
        return run(options, parser, root, world)
    from .commands import dispatch  # noqa: PLC0415 - Qt and the engine with it

    start_log(world.folder)
    target = _target(world)._replace(takes_over=options.take_over)
    return dispatch.run(options, world.folder, target)


def _say(text: str) -> None:
    """In a window of its own, as there is no other one yet."""
    from .application import window  # noqa: PLC0415 - Qt only where it is wanted

    _application = window.make_application()
    window.say(text)


_OF_THE_WINDOW = frozenset({"simulate", "capture"})
STORY_NAMES = "today, october-2025, bad-update, november-2026"
_WITH_VALUE = ("--data-dir", "--theme", "--endpoint", "--story")


def _words(arguments: Sequence[str]) -> set[str]:
    """What may be the name of a command; ``--help`` asks for all of them."""
    words = {"--help"} & {"--help" if a == "-h" else a for a in arguments}
    for last, word in zip(["", *arguments], arguments, strict=False):
        if not word.startswith("-") and last not in _WITH_VALUE:
            words.add(word)
    return words


def build_parser(*, with_commands: bool) -> argparse.ArgumentParser:
    """``with_commands`` those that need no window, too: to import them takes longer than the window may."""
    parser = argparse.ArgumentParser(
        prog="hotpatch-gui",
        description="Hotpatch state, assessments and installations of Windows Server machines in Azure. "
        "Without a connection to Azure it shows a demo against a simulated one.",
    )
    parser.add_argument("--version", action="version", version=f"hotpatch-gui {__version__}")
    parser.add_argument("--data-dir", type=Path, help="keep file, settings and logs in this folder")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="for this run")
    parser.add_argument(
        "--self-test", action="store_true",
        help="say whether this installation has all it needs; exit code 0 or 1",
    )  # fmt: skip
    parser.add_argument(
        "--take-over", action="store_true",
        help="use the data folder although another computer's program, or one without a name, left it locked",
    )  # fmt: skip
    demo = parser.add_argument_group("simulated Azure")
    demo.add_argument(
        "--endpoint",
        metavar="URL",
        help="a simulated Azure on this machine, as 'simulate' prints it",
    )
    demo.add_argument("--demo", action="store_true", help="the demo, though there are connections")
    demo.add_argument("--reset-demo", action="store_true", help="begin the demo afresh")
    demo.add_argument(
        "--story",
        metavar="NAME",
        help=f"begin the demo afresh in another world: {STORY_NAMES}",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_simulate(commands)
    _add_capture(commands)
    if with_commands:
        from .commands.parsers import add_parsers  # noqa: PLC0415

        add_parsers(commands)
    return parser


def _add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    simulator = commands.add_parser("simulate", help="serve a simulated Azure on loopback HTTP")
    simulator.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    simulator.add_argument(
        "--machines", type=int, default=16, help="how many machines (default: 16)"
    )
    simulator.add_argument("--seed", type=int, default=1, help="the same seed makes the same world")
    simulator.add_argument(
        "--state", type=Path, help="keep the world in this file and go on from it"
    )
    simulator.add_argument(
        "--speed",
        type=float,
        default=60.0,
        help="simulated seconds per real second while work runs (default: 60)",
    )
    simulator.add_argument(
        "--quota",
        type=int,
        default=15,
        help="Resource Graph queries in 5 seconds (default: 15, as Azure)",
    )

    simulator.add_argument(
        "--story", dest="world_story", default="today", metavar="NAME",
        help=f"the world to begin in: {STORY_NAMES} (default: today)",
    )  # fmt: skip


def _add_capture(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    pictures = commands.add_parser("capture", help="render named scenes to PNG, with no display")
    pictures.add_argument("--out", type=Path, help="the folder for the pictures")
    pictures.add_argument("--scene", action="append", help="only this scene; may be repeated")
    pictures.add_argument(
        "--theme", choices=("light", "dark"), dest="scene_theme", help="only this theme"
    )
    pictures.add_argument(
        "--list", action="store_true", dest="list_scenes", help="print the names of the scenes"
    )


class World(NamedTuple):
    """What is shown, and the folder of its data."""

    folder: Path
    cloud: Cloud | None = None
    """A simulated Azure on this machine; None for the demo and for Azure."""
    is_demo: bool = False
    story: str | None = None
    """The demo's world where it begins afresh; None where it goes on."""
    is_first: bool = False
    """Nothing was ever looked at: ask what to."""


def run(
    options: argparse.Namespace, parser: argparse.ArgumentParser, root: Path, first: World
) -> int:
    """Show the window until it is closed, and another one where it asks for that."""
    world: World | None = first
    if not has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return EXIT_USAGE
    import_what_needs_no_qt()
    from .application import window  # noqa: PLC0415 - Qt only once it is clear that it is wanted

    application = window.make_application()
    code = 0
    while world is not None:
        held = _lock_for_window(world.folder, takes_over=options.take_over)
        if held is None:
            from .application import single_instance  # noqa: PLC0415 - only where there is another one

            if single_instance.ring(world.folder):
                print(RAISED.format(folder=world.folder), file=sys.stderr)
                return 0
            print(ALREADY_OPEN.format(folder=world.folder), file=sys.stderr)
            window.say(ALREADY_OPEN.format(folder=world.folder))
            return EXIT_USAGE
        if world.story and not reset_demo(world.folder):
            parser.error(f"{world.folder} holds no demo; nothing was deleted")
        program = window.App(
            application, world.folder, _target(world), theme=options.theme,
            azure_folder=root if world.is_demo else None, is_first=world.is_first,
        )  # fmt: skip
        program.beginning.connect(partial(start_log, world.folder))
        program.beginning.connect(program.end_on_signals)
        program.start()
        code = int(application.exec())
        if not program.close():
            os._exit(code)  # the engine hangs; Python would wait for it
        held.unlock()
        world = _world_after(program.next, root)
        if world is not None:
            program.forget()
    return code


def import_what_needs_no_qt() -> None:
    """Before Qt: PySide6 has each import after its own read the source of the module, which takes 8 ms in all before
    the first frame."""
    from .application import targets  # noqa: F401, PLC0415
    from .domain import clock, connections, feeds, power, standing  # noqa: F401, PLC0415
    from .store import (  # noqa: F401, PLC0415
        catalogue,
        operations,
        release_book,
        side_reads,
        tables,
    )
    from .system import resources, runtime_tuning  # noqa: F401, PLC0415
    from .theme import tokens  # noqa: F401, PLC0415


def _lock_for_window(folder: Path, *, takes_over: bool) -> QLockFile | None:
    """The folder's lock. Where it can't be determined whether its owner still runs, the user is asked."""
    from .application import folder_lock, window  # noqa: PLC0415 - Qt only once it is clear that it is wanted

    held = folder_lock.lock(folder)
    owner = folder_lock.doubtful_owner(folder) if held is None else None
    if owner is None:
        return held
    if takes_over or window.ask(TAKE_OVER.format(folder=folder, owner=owner.text), "Take over"):
        return folder_lock.take_over(folder)
    return None


def _world_after(what: Next | None, root: Path) -> World | None:
    if what is None:
        return None
    if what.is_azure:
        return World(root)
    return World(root / DEMO_FOLDER, is_demo=True, story=what.story)


def root_of(options: argparse.Namespace) -> Path:
    """The folder of Azure's data; the demo's and those of simulated clouds are beneath it.

    Raises:
        PortableError: the program is portable, and its folder cannot be written.
    """
    folder: Path = options.data_dir or portable_data_dir(program_dir()) or default_data_dir()
    return folder.absolute()


def read_world(options: argparse.Namespace, parser: argparse.ArgumentParser, root: Path) -> World:
    """Raises SystemExit with the usage where the options do not go together."""
    wants_demo = options.demo or options.reset_demo or options.story
    if options.endpoint and wants_demo:
        parser.error("--endpoint is a cloud of its own; leave out --demo, --reset-demo and --story")
    if options.story:
        from .simulator.stories import STORIES  # noqa: PLC0415 - rarely wanted, and slow to load

        if options.story not in STORIES:
            parser.error(f"there is no story {options.story}: choose {', '.join(STORIES)}")
    if options.endpoint:
        try:
            cloud = simulated(options.endpoint)
        except ValueError as error:
            parser.error(str(error))
        return World(root / "simulated" / cloud.host.replace(":", "-"), cloud)
    has_azure = (root / FILE_NAME).exists()
    if (has_azure or options.command) and not wants_demo:
        return World(root)
    folder = root / DEMO_FOLDER
    story = options.story or ("today" if options.reset_demo else None)
    is_first = not (has_azure or wants_demo or (folder / FILE_NAME).exists())
    return World(folder, is_demo=True, story=story, is_first=is_first)


def _target(world: World) -> Target:
    from .application import targets  # noqa: PLC0415 - Qt only once it is clear that it is wanted

    if world.is_demo:
        return targets.demo_target(lambda: targets.demo_wire(world.folder, world.story or "today"))
    return targets.simulated_target(world.cloud) if world.cloud else targets.azure_target()


def subscription_id(text: str) -> str:
    """In the spelling that Azure uses.

    Raises:
        ValueError: not an ID.
    """
    import uuid  # noqa: PLC0415 - not for a start without one

    return str(uuid.UUID(text))


def start_log(folder: Path) -> None:
    """After the first paint, as what it stands on takes 18 ms to import."""
    from .system import logs  # noqa: PLC0415

    logs.start_log(folder)


RAISED = "Hotpatch Dashboard is open on this data already; its window is in front now: {folder}"
TAKE_OVER = (
    "The data folder {folder} is locked by {owner}, and from here it can't be determined whether that still runs.\n"
    "Take it over only if it does not: two programs on one folder could send a request twice."
)
ALREADY_OPEN = (
    "Hotpatch Dashboard is open on this data already: {folder}\n"
    "Use that window, or start with --data-dir and another folder."
)
NO_DISPLAY = """There is no display, so no window can be shown.
Pictures of every screen can be made without one:  hotpatch-gui capture --out DIR  (in a checkout: make captures)
On a server, an X server in memory does as well:     xvfb-run hotpatch-gui"""


def has_display() -> bool:
    """Whether Qt would find a display: on Linux it ends the process where there is none."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    display = os.environ.get("DISPLAY", "")
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    if local is None:
        return bool(display)
    return is_listening(f"/tmp/.X11-unix/X{local[1]}")  # noqa: S108 - where X servers listen


def is_listening(path: str) -> bool:
    """Whether a server takes connections at a local socket, in the file system or in Linux's abstract names."""
    import socket  # noqa: PLC0415 - only where there is a display to be asked

    for name in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
            try:
                asked.connect(name)
            except OSError:
                continue
            return True
    return False


def reset_demo(folder: Path) -> bool:
    """Forget the demo: its world and what was read of it. False, and nothing is deleted, where the folder
    holds data without a demo's world."""
    from .store.database import FILE_NAME  # noqa: PLC0415

    if (folder / FILE_NAME).exists() and not (folder / SIMULATOR_FILE).exists():
        return False
    for name in (SIMULATOR_FILE, FILE_NAME):
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
    return True


def simulate(options: argparse.Namespace) -> int:
    """Serve until interrupted; the first line on standard output says where."""
    import json  # noqa: PLC0415

    from .simulator.build import build_simulator  # noqa: PLC0415
    from .simulator.guest import SUBSCRIPTION  # noqa: PLC0415
    from .simulator.server import SimulatorServer  # noqa: PLC0415
    from .system import resources  # noqa: PLC0415

    wire = build_simulator(
        resources.calendar(), resources.read_json("other-updates.json"), state_path=options.state,
        machines=options.machines, seed=options.seed, speed=options.speed, quota=options.quota,
        pairs=resources.read_json("region-pairs.json")["pairs"], story=options.world_story,
    )  # fmt: skip
    server = SimulatorServer(wire, options.port)
    print(json.dumps({"endpoint": server.endpoint, "subscription_id": SUBSCRIPTION}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        wire.cloud.close()
    return 0


def capture(options: argparse.Namespace) -> int:
    """Render scenes; the names are printed with --list."""
    from .captures import environment  # noqa: PLC0415 - sets Qt's environment before Qt is imported

    environment.prepare()
    from .captures.scenes import SCENES, render  # noqa: PLC0415

    if options.list_scenes:
        print("\n".join(SCENES))
        return 0
    if options.out is None:
        print("capture needs --out DIR (or --list)", file=sys.stderr)
        return EXIT_USAGE
    unknown = set(options.scene or ()) - set(SCENES)
    if unknown:
        print(
            f"There is no scene {', '.join(sorted(unknown))}. --list prints them.", file=sys.stderr
        )
        return EXIT_USAGE
    options.out.mkdir(parents=True, exist_ok=True)
    themes = (options.scene_theme,) if options.scene_theme else ("light", "dark")
    for path in render(options.out, options.scene or list(SCENES), themes):
        print(path)
    return 0
