"""The program with windows, one after another, until the last is closed."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hotpatch_gui.system.display import NO_DISPLAY, has_display
from hotpatch_gui.translation import translated, translator

from .data_origins import DataOrigin, data_origin_after, reset_demo, target_of

if TYPE_CHECKING:
    from PySide6.QtCore import QLockFile

tr = translator("RunWindow")

EXIT_USAGE = 2
RAISED = tr.mark(
    "Hotpatch Dashboard is already open with this data folder; its window was brought to the front: {folder}"
)
TAKE_OVER = tr.mark(
    "The data folder {folder} is locked by {owner}. This computer can't determine whether that "
    "process is still running.\nTake over only if it isn't; otherwise a request could be sent "
    "twice."
)
ALREADY_OPEN = tr.mark(
    "Hotpatch Dashboard is already open with this data folder: {folder}\nUse that window, or start "
    "with --data-dir and another folder."
)


def run(
    options: argparse.Namespace, parser: argparse.ArgumentParser, root: Path, first: DataOrigin
) -> int:
    """Show the window until it is closed, and another one if it asks for that."""
    origin: DataOrigin | None = first
    if not has_display():
        print(translated(NO_DISPLAY), file=sys.stderr)
        return EXIT_USAGE
    import_modules_without_qt()
    from . import window  # noqa: PLC0415 - Qt only when it is needed

    application = window.make_application()
    code = 0
    while origin is not None:
        held = lock_for_window(origin.folder, takes_over=options.take_over)
        if held is None:
            from . import single_instance  # noqa: PLC0415 - only if there is another one

            if single_instance.raise_window(origin.folder):
                print(tr(RAISED, folder=origin.folder), file=sys.stderr)
                return 0
            print(tr(ALREADY_OPEN, folder=origin.folder), file=sys.stderr)
            window.show_message(tr(ALREADY_OPEN, folder=origin.folder))
            return EXIT_USAGE
        if origin.scenario and not reset_demo(origin.folder):
            parser.error(
                tr("{folder} doesn't contain a demo; nothing was deleted", folder=origin.folder)
            )
        program = window.App(
            application,
            origin.folder,
            target_of(origin),
            theme=options.theme,
            azure_folder=root if origin.is_demo else None,
            is_first=origin.is_first,
        )
        program.first_painted.connect(partial(start_log, origin.folder))
        program.first_painted.connect(program.end_on_signals)
        program.window.show_start_page()
        program.start()
        code = int(application.exec())
        if not program.close():
            os._exit(code)  # the engine hangs, and Python would wait for it
        held.unlock()
        origin = data_origin_after(program.next, root)
        if origin is not None:
            program.forget()
    return code


def import_modules_without_qt() -> None:
    """Import modules without Qt first, because PySide6 reads the source of each module imported after it."""
    from hotpatch_gui.domain import clock, connections, feeds, power, situation  # noqa: F401, PLC0415 - loaded before PySide6
    from hotpatch_gui.store import (  # noqa: F401, PLC0415 - loaded before PySide6
        additional_lists,
        operations,
        release_book,
        sync_state,
        tables,
    )
    from hotpatch_gui.system import resources, runtime_tuning  # noqa: F401, PLC0415 - loaded before PySide6
    from hotpatch_gui.theme import tokens  # noqa: F401, PLC0415 - loaded before PySide6

    from . import targets  # noqa: F401, PLC0415 - loaded before PySide6


def lock_for_window(folder: Path, *, takes_over: bool) -> QLockFile | None:
    """The folder's lock. If its owner can't be determined, the user is asked."""
    from . import folder_lock, window  # noqa: PLC0415 - Qt only when it is needed

    held = folder_lock.lock(folder)
    owner = folder_lock.uncertain_owner(folder) if held is None else None
    if owner is None:
        return held
    if takes_over or window.confirm(
        tr(TAKE_OVER, folder=folder, owner=owner.text), tr("Take over")
    ):
        return folder_lock.take_over(folder)
    return None


def start_log(folder: Path) -> None:
    """Start the log after the first paint, because its imports take 18 ms."""
    from hotpatch_gui.system import logs  # noqa: PLC0415 - after the first paint

    logs.start_log(folder)


def show_message(text: str) -> None:
    """Show a message in its own window."""
    from . import window  # noqa: PLC0415 - Qt only when it is needed

    _application = window.make_application()
    window.show_message(text)
