"""Options of the commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from hotpatch_gui.domain.clouds import CLOUDS, CUSTOM
from hotpatch_gui.domain.connections import SignInMethod
from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.updates import Classification

CONFIRMED_ABOVE = 20
"""The largest number of machines without a confirmation."""
ASSESS_MINUTES, INSTALL_MINUTES = 60, 300
"""How long a command waits for results."""


def _minutes(text: str) -> float:
    """A number of minutes. Raises ArgumentTypeError for anything else."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of minutes, 0 or more")
    return minutes


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands' parsers."""
    codes = (
        "Exit codes: 0 done, 1 failed, 2 usage, 3 not permitted or not signed in, 4 partly done."
    )

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=codes
        )
        made.add_argument("--json", action="store_true", help="print one JSON object")
        if name not in ("connect", "releases"):
            made.add_argument(
                "--connection",
                action="append",
                metavar="NAME",
                help="only this one; may be repeated",
            )
        return made

    _add_connect(
        command("connect", "create a connection to Azure, or change the one with this name")
    )
    command("sync", "read the current state from Azure")
    command("list", "print known machines without reading from Azure")
    for name, text in (
        ("assess", "have machines check for updates"),
        ("install", "install updates on machines now"),
    ):
        acting = command(name, text)
        acting.add_argument("machines", nargs="*", metavar="MACHINE", help="names or resource IDs")
        acting.add_argument(
            "--all", action="store_true", help="all machines on which it is possible"
        )
        acting.add_argument(
            "--confirm",
            type=int,
            metavar="N",
            help=f"number of machines; required above {CONFIRMED_ABOVE}",
        )
        acting.add_argument(
            "--wait",
            type=_minutes,
            metavar="MINUTES",
            help="how long to wait for the results, in minutes; 0: until Azure accepted the requests "
            f"(default: {ASSESS_MINUTES if name == 'assess' else INSTALL_MINUTES})",
        )
        if name == "install":
            _add_install(acting)
    export = command("export", "write known data to a file without reading from Azure")
    export.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        default=[],
        help="machines, compliance, history, restarts, audit (default: all but audit)",
    )
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        help="the extension selects the format: .csv .xlsx .json .html .pdf",
    )
    _add_releases(command)


def _add_releases(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    parser = command("releases", "show where the release data ends and where it comes from")
    actions = parser.add_subparsers(dest="releases_action", metavar="ACTION")
    update = actions.add_parser("update", help="read Microsoft's Security Update API now")
    update.add_argument(
        "--url", help="a mirror of the API in a closed network (https; http on this machine)"
    )
    load = actions.add_parser(
        "import", help="read a saved MSRC document, or a list written by 'releases export'"
    )
    load.add_argument("file", type=Path, metavar="FILE")
    save = actions.add_parser("export", help="write the releases known here, for a closed network")
    save.add_argument("--out", type=Path, required=True, help="a JSON file")
    for action in (update, load, save):
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object"
        )


def _add_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="what to call it")
    methods = [m.value for m in SignInMethod if m is not SignInMethod.NONE]
    parser.add_argument(
        "--method", choices=methods, default="cli", help="sign-in method (default: cli)"
    )
    clouds = list(CLOUDS)
    parser.add_argument(
        "--cloud", choices=[*clouds, CUSTOM], default=clouds[0], help=f"(default: {clouds[0]})"
    )
    for name, text in (
        ("endpoint", "ARM endpoint of a custom cloud"),
        ("authority", "its authority"),
        ("audience", "token audience, if it differs from the endpoint"),
        ("tenant", "ID or domain; yours by default"),
        ("client-id", "client ID of an app registration or managed identity"),
        (
            "certificate",
            "certificate file of a service principal, with its private key (PEM or PFX)",
        ),
    ):
        parser.add_argument(
            f"--{name}", dest=f"connect_{name.replace('-', '_')}", default="", help=text
        )
    parser.add_argument(
        "--subscription",
        action="append",
        default=[],
        metavar="ID",
        help="only this one; may be repeated",
    )
    parser.add_argument("--allow-actions", action="store_true", help="not only reading")


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--classification",
        action="append",
        metavar="NAME",
        help=f"may be repeated: {', '.join(c.value for c in Classification)} (default: Critical, Security)",
    )
    parser.add_argument("--include", default="", metavar="KBS", help="also install these KBs")
    parser.add_argument("--exclude", default="", metavar="KBS", help="never these KBs")
    parser.add_argument(
        "--no-restarts",
        action="store_true",
        help="install only updates that don't need a restart",
    )
    parser.add_argument(
        "--reboot",
        choices=[s.value for s in RestartSetting],
        default=RestartSetting.IF_REQUIRED.value,
        help="(default: IfRequired)",
    )
    parser.add_argument("--minutes", type=int, default=120, help="maximum duration (default: 120)")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show what would be installed without sending anything",
    )
