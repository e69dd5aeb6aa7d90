"""Runs a command."""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import TYPE_CHECKING

from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.translation import translator

from . import acting, new_machine, releases, schedules, showing, stopping, syncing
from .common import CommandError, Exit, bring_up_to_date, file_problem, print_json, write_message

tr = translator("Dispatch")

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hotpatch_gui.application.targets import CloudTarget

_COMMANDS = {
    "connect": syncing.connect,
    "sync": syncing.sync,
    "list": showing.list_machines,
    "assess": acting.assess,
    "install": acting.install,
    "export": showing.export,
    "stop": stopping.stop,
    "releases": releases.releases_command,
    "schedules": schedules.schedules_command,
    "new-machine": new_machine.new_machine,
}


def run(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Run a command on the data in ``folder`` and return its exit code."""
    try:
        bring_up_to_date(folder, target)
        code = _COMMANDS[options.command](options, folder, target)
        sys.stdout.flush()
    except CommandError as error:
        write_message(str(error))
        if options.json:
            print_json({"error": str(error)})
        return error.code
    except sqlite3.Error as error:
        text = file_problem(error, folder / FILE_NAME)
        write_message(text)
        if options.json:
            print_json({"error": text})
        return Exit.FAILED
    except OSError as error:
        if error.filename is not None:  # not the output
            raise
        if not isinstance(error, BrokenPipeError):  # the reader has exited
            write_message(
                tr("The output couldn't be written: {strerror}.", strerror=error.strerror)
            )
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return code
