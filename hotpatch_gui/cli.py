"""The command line: the window by default, and commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hotpatch_gui.translation import translator

from . import __version__
from .system import console, translations

tr = translator("Cli")

EXIT_FAILED = 1
SCENARIO_NAMES = "today, before-upgrade, october-2025, bad-update, november-2026"
_WITHOUT_OTHER_PARSERS = frozenset({"simulate", "capture"})
_OPTIONS_WITH_VALUE = ("--data-dir", "--theme", "--endpoint", "--scenario")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    if arguments is None:
        console.prepare()
    translations.install()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = build_parser(
        with_commands=not _WITHOUT_OTHER_PARSERS.issuperset(_possible_commands(given))
    )
    options = parser.parse_args(given)
    if options.self_test:
        from . import self_test  # noqa: PLC0415 - only installers need it

        return self_test.run()
    match options.command:
        case "simulate":
            from .commands.simulating import simulate  # noqa: PLC0415 - only what the command uses

            return simulate(options)
        case "capture":
            from .captures.command import capture  # noqa: PLC0415 - only what the command uses

            return capture(options)
    return _run(options, parser)


def _run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Run the window or a command."""
    from .application import data_origins, run_window  # noqa: PLC0415 - Qt with it
    from .system.data_folder import PortableError  # noqa: PLC0415 - only what the command uses
    from .system.display import has_display  # noqa: PLC0415 - only what the command uses

    try:
        root = data_origins.root_of(options)
    except PortableError as error:
        print(error, file=sys.stderr)
        if options.command is None and has_display():
            run_window.show_message(str(error))
        return EXIT_FAILED
    try:
        origin = data_origins.read_data_origin(options, parser, root)
        origin.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or tr("it can't be created")
        text = tr(
            "{root} can't be the data folder: {why}. Name another one with --data-dir.",
            root=root,
            why=why,
        )
        print(text, file=sys.stderr)
        if options.command is None and has_display():
            run_window.show_message(text)
        return EXIT_FAILED
    if options.command is None:
        return run_window.run(options, parser, root, origin)
    from .commands import dispatch  # noqa: PLC0415 - Qt and the engine with it

    run_window.start_log(origin.folder)
    target = data_origins.target_of(origin)._replace(takes_over=options.take_over)
    return dispatch.run(options, origin.folder, target)


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError(tr("must name a folder"))
    return Path(text)


def _number(kind: Callable[[str], float], least: float, most: float) -> Callable[[str], float]:
    """A number within limits. Raises ArgumentTypeError for anything else."""

    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(
                tr("must be a number from {least:,} to {most:,}", least=least, most=most)
            )
        return number

    return read


def _possible_commands(arguments: Sequence[str]) -> set[str]:
    """Words that may be a command's name; ``--help`` needs all commands."""
    words = {"--help"} & {"--help" if a == "-h" else a for a in arguments}
    for last, word in zip(["", *arguments], arguments, strict=False):
        if not word.startswith("-") and last not in _OPTIONS_WITH_VALUE:
            words.add(word)
    return words


def build_parser(*, with_commands: bool) -> argparse.ArgumentParser:
    """The parser. ``with_commands`` includes commands, whose import takes longer than the window may."""
    parser = argparse.ArgumentParser(
        prog="hotpatch-gui",
        description=tr(
            "Hotpatch status, assessments and installations of Windows Server machines in Azure. "
            "Without a connection to Azure it shows a demo that uses a simulated Azure."
        ),
    )
    parser.add_argument("--version", action="version", version=f"hotpatch-gui {__version__}")
    parser.add_argument(
        "--data-dir", type=_folder, help=tr("folder of the data file, settings and logs")
    )
    parser.add_argument(
        "--theme",
        choices=("system", "light", "dark", "contrast-light", "contrast-dark"),
        help=tr("theme for this run"),
    )
    parser.add_argument(
        "--self-test",
        action="store_true",
        help=tr("check that this installation is complete; exit code 0 or 1"),
    )
    parser.add_argument(
        "--take-over",
        action="store_true",
        help=tr(
            "use the data folder even if another computer or an unknown program left it locked"
        ),
    )
    demo = parser.add_argument_group(tr("simulated Azure"))
    demo.add_argument(
        "--endpoint",
        metavar="URL",
        help=tr("a simulated Azure on this machine, as 'simulate' prints it"),
    )
    demo.add_argument(
        "--demo", action="store_true", help=tr("use the demo even if connections exist")
    )
    demo.add_argument(
        "--reset-demo",
        action="store_true",
        help=tr("reset the demo; a command can't reset an existing one"),
    )
    demo.add_argument(
        "--scenario",
        metavar="NAME",
        help=tr(
            "reset the demo and start this scenario: {scenario_names}; a command can do so only "
            "before the demo exists",
            scenario_names=SCENARIO_NAMES,
        ),
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_simulate(commands)
    _add_capture(commands)
    if with_commands:
        from .commands.parsers import add_parsers  # noqa: PLC0415 - only what the command uses

        add_parsers(commands)
    return parser


def _add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    simulator = commands.add_parser("simulate", help=tr("serve a simulated Azure on loopback HTTP"))
    simulator.add_argument(
        "--port",
        type=_number(int, 0, 65535),
        default=0,
        help=tr("port; 0 selects a free port (default)"),
    )
    simulator.add_argument(
        "--machines",
        type=_number(int, 1, 100_000),
        default=16,
        help=tr(
            "how many machines (default: 16); some scenarios have their own number, or add to it"
        ),
    )
    simulator.add_argument(
        "--seed", type=int, default=1, help=tr("the same seed creates the same machines")
    )
    simulator.add_argument(
        "--state", type=Path, help=tr("save the simulated Azure in this file and resume from it")
    )
    simulator.add_argument(
        "--speed",
        type=_number(float, 0.001, 1e6),
        default=60.0,
        help=tr("simulated seconds per real second while work runs (default: 60)"),
    )
    simulator.add_argument(
        "--quota",
        type=_number(int, 1, 10**6),
        default=15,
        help=tr("Resource Graph queries in 5 seconds (default: 15, as Azure)"),
    )

    simulator.add_argument(
        "--scenario",
        dest="simulator_scenario",
        default="today",
        metavar="NAME",
        help=tr(
            "the scenario to start with: {scenario_names} (default: today)",
            scenario_names=SCENARIO_NAMES,
        ),
    )


def _add_capture(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    pictures = commands.add_parser(
        "capture", help=tr("render named scenes to PNG, with no display")
    )
    pictures.add_argument("--out", type=Path, help=tr("the folder for the pictures"))
    pictures.add_argument("--scene", action="append", help=tr("only this scene; may be repeated"))
    pictures.add_argument(
        "--theme",
        choices=("light", "dark", "contrast-light", "contrast-dark"),
        dest="scene_theme",
        help=tr("only this theme"),
    )
    pictures.add_argument(
        "--list", action="store_true", dest="list_scenes", help=tr("print the names of the scenes")
    )
