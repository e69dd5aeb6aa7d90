"""A secret in text from outside is masked, in each spelling, whole or cut."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from hotpatch_gui.domain.masking import MASK, PART, hiding

SECRETS = ('Co <b>"r\\re  ct&/1', "Grün/pa+ss<w>'&%$1 😀", "Ab1!Ab1!", "a+b/c=d?e&F1")


def spellings(secret: str) -> list[str]:
    url = quote(secret, safe="")
    return [
        secret,
        secret.upper(),
        " ".join(secret.split()),
        json.dumps(secret),
        json.dumps(json.dumps(secret)),
        json.dumps(json.dumps(json.dumps(secret, ensure_ascii=False))),
        escape(secret),
        "".join(f"&#{ord(c)};" for c in secret),
        url,
        url.lower(),
        quote(url, safe=""),
        quote_plus(secret),
        b64encode(secret.encode()).decode(),
        urlsafe_b64encode(f"operator:{secret}".encode()).decode().rstrip("="),
        b64encode(secret.encode("utf-16-le")).decode(),
        secret.encode().hex(),
        secret[: PART + 3],
        secret[-PART - 3 :],
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_each_encoding_of_the_secret_is_masked(secret: str) -> None:
    hide = hiding(secret)
    for form in spellings(secret):
        for text in (form, f"The value {form} is wrong.", f"<p>{form}</p>"):
            shown = hide(text)
            assert form not in shown, form
            assert MASK in shown or shown.startswith("(hidden"), form


def test_only_the_secret_is_masked_where_it_is_written_plainly() -> None:
    assert (
        hiding("Correct-horse-1")("The value Correct-horse-1 is bad.")
        == f"The value {MASK} is bad."
    )


@pytest.mark.parametrize(
    "text", ["", "The size isn't available.", "100 % of a+b", "\\ud83d", "=?%%&#;"]
)
def test_other_text_stays(text: str) -> None:
    assert hiding("Correct-horse-1")(text) == text
    assert hiding("")(text) == text
