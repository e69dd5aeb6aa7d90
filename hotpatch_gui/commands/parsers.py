"""Options of the commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

from hotpatch_gui.domain.clouds import CLOUDS, CUSTOM
from hotpatch_gui.domain.connections import SignInMethod
from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.new_machine import IMAGES
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.translation import translator

tr = translator("Parsers")

CONFIRMED_ABOVE = 20
"""The largest number of machines without a confirmation."""
ASSESS_MINUTES, INSTALL_MINUTES, DEPLOY_MINUTES = 60, 300, 60
"""How long a command waits for results."""


def _minutes(text: str) -> float:
    """A number of minutes. Raises ArgumentTypeError for anything else."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        raise argparse.ArgumentTypeError(tr("must be a number of minutes, 0 or more"))
    return minutes


def _day(text: str) -> date:
    """A day in ISO 8601. Raises ArgumentTypeError for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:  # Python reads more spellings
        raise argparse.ArgumentTypeError(tr("must be a day such as 2026-10-01"))
    return found


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands' parsers."""
    codes = tr(
        "Exit codes: 0 done (with --wait 0: accepted by Azure), 1 failed, 2 usage error, 3 not permitted (for sync and connect "
        "also not signed in), 4 partly done, "
        "5 nothing failed, but a result isn't known or work is still in progress."
    )

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=_sentence(text), epilog=codes)
        made.add_argument("--json", action="store_true", help=tr("print one JSON object"))
        if name not in ("connect", "releases", "schedules", "new-machine", "stop"):
            made.add_argument(
                "--connection",
                action="append",
                metavar="NAME",
                help=tr("only this connection; may be repeated"),
            )
        return made

    _add_connect(
        command("connect", tr("create a connection to Azure, or change the one with this name"))
    )
    command("sync", tr("read the current state from Azure"))
    command("list", tr("print known machines without reading from Azure"))
    for name, text in (
        ("assess", tr("have machines check for updates")),
        ("install", tr("install updates on machines now")),
    ):
        acting = command(name, text)
        acting.add_argument(
            "machines", nargs="*", metavar="MACHINE", help=tr("names or resource IDs")
        )
        acting.add_argument(
            "--all", action="store_true", help=tr("all machines on which it is possible")
        )
        acting.add_argument(
            "--confirm",
            type=int,
            metavar="N",
            help=tr(
                "number of machines; required above {confirmed_above}",
                confirmed_above=CONFIRMED_ABOVE,
            ),
        )
        acting.add_argument(
            "--wait",
            type=_minutes,
            metavar="MINUTES",
            help=tr(
                "how long to wait for the results, in minutes; 0: until Azure accepted the requests "
                "(default: {default})",
                default=ASSESS_MINUTES if name == "assess" else INSTALL_MINUTES,
            ),
        )
        if name == "install":
            _add_install(acting)
    stopping = command(
        "stop", tr("exclude an update in all schedules and cancel queued installations of it")
    )
    stopping.add_argument("kb", metavar="KB", help=tr("the update's KB number"))
    stopping.add_argument(
        "--dry-run", action="store_true", help=tr("only print what would still install it")
    )
    export = command("export", tr("write known data to a file without reading from Azure"))
    export.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        default=[],
        help=tr(
            "machines, compliance, history, restarts, coverage, rollout, audit (default: the "
            "first four); or report, with key numbers and charts of all machines"
        ),
    )
    export.add_argument(
        "--day",
        type=_day,
        metavar="YYYY-MM-DD",
        help=tr("with report: what was known at the end of that day, UTC"),
    )
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        help=tr("the extension selects the format: .csv .zip .xlsx .json .html .pdf"),
    )
    _add_releases(command)
    _add_schedules(command)
    _add_new_machine(command)


def _add_new_machine(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    parser = command(
        "new-machine",
        tr("write a deployment template or script for a VM with hotpatch, or create the VM"),
    )
    for name, text in (
        ("--name", tr("up to 15 characters")),
        ("--resource-group", tr("resource group of the VM")),
        ("--location", tr("a region, such as westus2")),
        ("--size", tr("such as Standard_D2s_v5; it must support generation 2")),
        ("--admin", tr("the administrator's name; you are prompted for the password")),
    ):
        parser.add_argument(name, required=True, help=text)
    parser.add_argument(
        "--image",
        default=IMAGES[0].sku,
        metavar="SKU",
        help=tr("(default: {sku})", sku=IMAGES[0].sku),
    )
    parser.add_argument("--zone", default="", help=tr("an availability zone: 1, 2 or 3"))
    parser.add_argument(
        "--no-trusted-launch", action="store_true", help=tr("security type Standard")
    )
    parser.add_argument("--no-hotpatch", action="store_true", help=tr("turn hotpatch off"))
    parser.add_argument(
        "--orchestration",
        choices=["azure", "schedules", "windows", "manual"],
        default="azure",
        help=tr("who installs updates (default: azure)"),
    )
    parser.add_argument(
        "--no-periodic-assessment", action="store_true", help=tr("assess only on request")
    )
    parser.add_argument(
        "--reboot",
        choices=[s.value for s in RestartSetting],
        default=RestartSetting.IF_REQUIRED.value,
        help=tr("whether Azure may restart the machine (default: IfRequired)"),
    )
    parser.add_argument(
        "--time-zone", default="UTC", help=tr("Windows' name of a time zone (default: UTC)")
    )
    parser.add_argument(
        "--subnet", default="", metavar="ID", help=tr("an existing subnet (default: a new network)")
    )
    parser.add_argument(
        "--out",
        type=Path,
        help=tr("write a file; the extension selects the format: .bicep .json .tf .sh .ps1"),
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help=tr(
            "ask Azure whether it would accept the VM and what it would create; needs the password"
        ),
    )
    parser.add_argument(
        "--deploy", action="store_true", help=tr("check, then create the VM in Azure")
    )
    parser.add_argument(
        "--subscription",
        default="",
        metavar="ID",
        help=tr("if several subscriptions have the resource group"),
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help=tr("read the administrator's password from standard input"),
    )
    parser.add_argument(
        "--wait",
        type=_minutes,
        default=DEPLOY_MINUTES,
        metavar="MINUTES",
        help=tr(
            "how long to wait for the VM, in minutes (default: {default})", default=DEPLOY_MINUTES
        ),
    )


def _action(
    parser: argparse.ArgumentParser,
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
) -> argparse.ArgumentParser:
    """An action of a command, with the command's exit codes in its help."""
    return actions.add_parser(name, help=text, description=_sentence(text), epilog=parser.epilog)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _add_schedules(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    parser = command("schedules", tr("print known schedules, or change them in Azure"))
    actions = parser.add_subparsers(dest="schedules_action", metavar="ACTION")
    listed = _action(parser, actions, "list", tr("all schedules; the same as without an action"))
    for name, text in (
        ("show", tr("one schedule with its windows, machines and concerns")),
        ("runs", tr("the runs of one schedule")),
    ):
        action = _action(parser, actions, name, text)
        action.add_argument("name", metavar="NAME", help=tr("name or resource ID"))
        action.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help=tr("print one JSON object"),
        )
    save = _action(parser, actions, "save", tr("write a schedule to a file"))
    save.add_argument("name", metavar="NAME", help=tr("name or resource ID"))
    save.add_argument(
        "--out", type=Path, required=True, help=tr("a file; the extension selects: .json .bicep")
    )
    apply = _action(
        parser,
        actions,
        "apply",
        tr("create or change the schedule in a JSON file, as the window saves it"),
    )
    apply.add_argument("file", type=Path, metavar="FILE")
    apply.add_argument(
        "--resource-group", metavar="NAME", help=tr("for a new schedule, if the file names none")
    )
    assign = _action(parser, actions, "assign", tr("assign machines to a schedule"))
    assign.add_argument("name", metavar="NAME", help=tr("name or resource ID"))
    assign.add_argument("machines", nargs="+", metavar="MACHINE", help=tr("names or resource IDs"))
    assign.add_argument(
        "--confirm",
        type=int,
        metavar="N",
        help=tr(
            "number of machines; required above {confirmed_above}", confirmed_above=CONFIRMED_ABOVE
        ),
    )
    for action in (listed, save, apply, assign):
        action.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help=tr("print one JSON object"),
        )


def _add_releases(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    parser = command("releases", tr("show where the release data ends and where it comes from"))
    actions = parser.add_subparsers(dest="releases_action", metavar="ACTION")
    update = _action(parser, actions, "update", tr("read Microsoft's Security Update API now"))
    update.add_argument(
        "--url", help=tr("a mirror of the API in an isolated network (https; http on this machine)")
    )
    load = _action(
        parser,
        actions,
        "import",
        tr("read a saved MSRC document, or a list written by 'releases export'"),
    )
    load.add_argument("file", type=Path, metavar="FILE")
    save = _action(
        parser, actions, "export", tr("write the releases known here, for an isolated network")
    )
    save.add_argument("--out", type=Path, required=True, help=tr("a JSON file"))
    for action in (update, load, save):
        action.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help=tr("print one JSON object"),
        )


def _add_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help=tr("the connection's name"))
    methods = [m.value for m in SignInMethod if m is not SignInMethod.NONE]
    parser.add_argument(
        "--method", choices=methods, default="cli", help=tr("sign-in method (default: cli)")
    )
    clouds = list(CLOUDS)
    parser.add_argument(
        "--cloud",
        choices=[*clouds, CUSTOM],
        default=clouds[0],
        help=tr("(default: {clouds})", clouds=clouds[0]),
    )
    for name, value, text in (
        ("endpoint", "URL", tr("ARM endpoint of a custom cloud")),
        ("authority", "URL", tr("its authority")),
        ("audience", "URL", tr("token audience, if it differs from the endpoint")),
        ("tenant", "TENANT", tr("ID or domain (default: your own)")),
        ("client-id", "ID", tr("client ID of an app registration or managed identity")),
        (
            "certificate",
            "FILE",
            tr("certificate file of a service principal, with its private key (PEM or PFX)"),
        ),
    ):
        parser.add_argument(
            f"--{name}",
            dest=f"connect_{name.replace('-', '_')}",
            default="",
            metavar=value,
            help=text,
        )
    parser.add_argument(
        "--subscription",
        action="append",
        default=[],
        metavar="ID",
        help=tr("only this subscription; may be repeated"),
    )
    parser.add_argument(
        "--allow-changes", action="store_true", help=tr("allow changes through this connection")
    )


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--classification",
        action="append",
        metavar="NAME",
        help=tr(
            "may be repeated: {names} (default: Critical, Security)",
            names=", ".join(c.value for c in Classification),
        ),
    )
    parser.add_argument("--include", default="", metavar="KBS", help=tr("also install these KBs"))
    parser.add_argument(
        "--only",
        metavar="KBS",
        help=tr("install these KBs and nothing else, whatever their classification"),
    )
    parser.add_argument("--exclude", default="", metavar="KBS", help=tr("never these KBs"))
    parser.add_argument(
        "--no-restarts",
        action="store_true",
        help=tr("install only updates that are known not to need a restart; never restart"),
    )
    parser.add_argument(
        "--reboot",
        choices=[s.value for s in RestartSetting],
        default=RestartSetting.IF_REQUIRED.value,
        help=tr("whether Azure may restart the machine (default: IfRequired)"),
    )
    parser.add_argument(
        "--minutes", type=int, default=120, help=tr("maximum duration (default: 120)")
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help=tr("show what would be installed without sending anything"),
    )
