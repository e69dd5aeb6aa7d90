"""``python -m hotpatch_gui``."""

import sys

if getattr(
    sys, "frozen", False
):  # a frozen program's processes begin here too, and end in this call
    from multiprocessing import freeze_support

    freeze_support()

from hotpatch_gui.cli import main

raise SystemExit(main())
