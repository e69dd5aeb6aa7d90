"""Errors of Windows Update and Azure in words. Codes that aren't listed are shown as reported."""

from __future__ import annotations

import re
from functools import lru_cache

from .update_error_list import ERRORS, UpdateError

_BY_CODE = {error.code.casefold(): error for error in ERRORS}
_CODE = re.compile(r"\b0x[0-9a-f]{8}\b", re.IGNORECASE)
_WORDS = re.compile(
    r"\b(?:" + "|".join(e.code for e in ERRORS if not e.code.startswith("0x")) + r")\b"
)


@lru_cache(maxsize=4096)
def error_in(text: str) -> UpdateError | None:
    """The first known error whose code a message contains; None if there is none."""
    for match in _CODE.finditer(text):
        found = _BY_CODE.get(match[0].casefold())
        if found is not None:
            return found
    word = _WORDS.search(text)
    return _BY_CODE[word[0].casefold()] if word else None


def explained(text: str) -> str:
    """What a message means and what to do; empty if its code isn't known."""
    error = error_in(text)
    if error is None:
        return ""
    name = f" ({error.name})" if error.name else ""
    return f"{error.code}{name}: {error.meaning_text} {error.step}"
