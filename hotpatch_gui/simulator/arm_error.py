"""Errors of Azure Resource Manager."""

from __future__ import annotations


class ArmError(Exception):
    """An error in Azure's shape: HTTP status, code, message and target."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.target = status, code, message, target
