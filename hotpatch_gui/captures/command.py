"""The command ``capture``: pictures of scenes."""

from __future__ import annotations

import argparse
import sys

EXIT_USAGE = 2


def capture(options: argparse.Namespace) -> int:
    """Render scenes; --list prints their names."""
    from . import environment  # noqa: PLC0415 - sets Qt's environment before Qt is imported

    environment.prepare()
    from .scenes import render  # noqa: PLC0415 - after the environment is set
    from .scenes.registry import SCENES  # noqa: PLC0415 - after the environment is set

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
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"{options.out} can't be the folder for pictures: {error.strerror}.", file=sys.stderr)
        return EXIT_USAGE
    themes = (options.scene_theme,) if options.scene_theme else ("light", "dark")
    for path in render(options.out, options.scene or list(SCENES), themes):
        print(path)
    return 0
