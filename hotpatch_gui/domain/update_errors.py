"""Errors of Windows Update and Azure in words. Codes that aren't listed are shown as reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from .update_error_list import ERRORS, UpdateError

_BY_CODE = {error.code.casefold(): error for error in ERRORS}
_HEX = re.compile(r"(?:\b0x|\bHRESULT:? )([0-9a-f]{8})\b", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\w.])-([0-9]{10})\b")
"""An HRESULT as a signed number."""
_WORDS = re.compile(
    r"(?:^|[(:\s])("
    + "|".join(e.code for e in ERRORS if not e.code.startswith("0x"))
    + r")(?=$|[).])"
)
"""Azure's codes, which are also ordinary words: only at the end, or in parentheses."""


@lru_cache(maxsize=4096)
def error_in(text: str) -> UpdateError | None:
    """The first known error whose code a message contains; None if there is none."""
    words = [match[1].casefold() for match in _WORDS.finditer(text)]
    return _first_known([*_numbers(text), *words])


def _numbers(text: str) -> list[str]:
    """The HRESULTs that a message contains, in either notation."""
    codes = [f"0x{match[1].casefold()}" for match in _HEX.finditer(text)]
    return codes + [f"0x{2**32 - int(match[1]):08x}" for match in _DECIMAL.finditer(text)]


def _first_known(codes: Sequence[str]) -> UpdateError | None:
    return next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)


def explained(text: str) -> str:
    """A message's meaning and the next step; empty if its code isn't known."""
    return _explanation(error_in(text))


def explained_number(text: str) -> str:
    """Like ``explained``, for codes of Windows only: a message with one of Azure's codes says itself what happened."""
    return _explanation(_first_known(_numbers(text)))


def _explanation(error: UpdateError | None) -> str:
    if error is None:
        return ""
    name = f" ({error.name})" if error.name else ""
    return f"{error.code}{name}: {error.meaning_text} {error.step}"
