"""``python -m hotpatch_gui``."""

from hotpatch_gui.cli import main

raise SystemExit(main())
