"""SQL lists of Azure's run states, made from the enum. Separate from ``sql`` because the first paint needs no runs."""

from __future__ import annotations

from hotpatch_gui.domain.records import RunStatus

from .sql import quoted

FINAL_RUNS = quoted(s.value for s in RunStatus if s.is_final)
"""Statuses of finished runs and assessments."""
GOOD_RUNS = quoted(s.value for s in RunStatus if s.is_good)
