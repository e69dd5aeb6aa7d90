"""``python -m hotpatch_gui``."""

import sys

# processes of a frozen program also start here, and end in this call
if getattr(sys, "frozen", False):
    from multiprocessing import freeze_support

    freeze_support()

from hotpatch_gui.cli import main

raise SystemExit(main())
