"""The list of known errors: sources, words, and codes in messages."""

from __future__ import annotations

import pytest

from hotpatch_gui.domain.update_error_list import ERRORS, Remedy
from hotpatch_gui.domain.update_errors import error_in, explained

LEARN = "https://learn.microsoft.com/"


def test_each_code_is_listed_once_with_a_meaning_a_step_and_a_source() -> None:
    assert len(ERRORS) >= 80
    assert len({e.code.casefold() for e in ERRORS}) == len(ERRORS)
    for error in ERRORS:
        assert error.source.startswith(LEARN), error.code
        assert error.meaning_text.endswith("."), error.code
        assert error.step.endswith("."), error.code
        assert bool(error.name) == error.code.startswith("0x"), error.code
    assert {e.remedy for e in ERRORS} == set(Remedy), "no remedy without an error"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("KB5120228 could not be installed (0x80070005).", "0x80070005"),
        ("HRESULT: 0X8024402c", "0x8024402C"),
        ("0x12345678 after 0x80240022", "0x80240022"),
        ("The operation ended: VMGuestPatchInternalError.", "VMGuestPatchInternalError"),
        ("ScopeLocked", "ScopeLocked"),
        ("Azure rejected it (Conflict).", "Conflict"),
        ("error -2147024891", "0x80070005"),
        ("Exception from HRESULT: 80240022", "0x80240022"),
    ],
)
def test_a_known_code_is_found_in_a_message(message: str, code: str) -> None:
    error = error_in(message)
    assert error is not None
    assert error.code == code
    assert explained(message).startswith(code)
    assert error.step in explained(message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "0x80999999",
        "10x80070005",
        "0x800700051",
        "Conflicting",
        "Conflict of interest",
        "<b>no code</b>",
    ],
)
def test_an_unknown_code_is_not_explained(message: str) -> None:
    assert error_in(message) is None
    assert explained(message) == ""
