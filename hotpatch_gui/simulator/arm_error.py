"""Errors of Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ArmError(Exception):
    """An error in Azure's shape: HTTP status, code, message, target and inner errors."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        target: str | None = None,
        details: Sequence[Mapping[str, str | None]] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.target = status, code, message, target
        self.details = details
