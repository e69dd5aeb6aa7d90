"""Requests and responses of the wire, and the polling URLs of long-running operations."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RETRY_AFTER_S = 1


@dataclass(slots=True)
class Response:
    """A response."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Sent unchanged instead of ``body``, for faults."""

    def payload(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed request; ``values`` are the parts of the path by name."""

    values: dict[str, str]
    arguments: dict[str, str]
    body: dict[str, Any]
    origin: str
    now: datetime

    def address(self, path: str) -> str:
        """The URL of ``path`` with the request's API version."""
        joint = "&" if "?" in path else "?"
        return f"{self.origin}{path}{joint}api-version={self.arguments['api-version']}"


def polling_headers(call: Call, path: str, monitor: str = "") -> dict[str, str]:
    """Headers with the polling URL of an operation; ``monitor`` is the path of Location if it differs."""
    return {
        "Location": call.address(monitor or path),
        "Azure-AsyncOperation": call.address(path),
        "Retry-After": str(RETRY_AFTER_S),
    }
