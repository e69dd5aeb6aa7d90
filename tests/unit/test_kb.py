import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain.kb import KbTextError, normalize_kb, parse_kbs, read_kbs


@pytest.mark.parametrize("text", ["KB5031364", "5031364", "kb5031364", " KB 5031364 "])
def test_one_kb_has_one_spelling(text: str) -> None:
    assert normalize_kb(text) == "KB5031364"


@pytest.mark.parametrize("text", ["", None, "12345", "KBKB5031364", "KB503136A", "KB503136412345"])
def test_text_without_a_kb_number_is_rejected(text: str | None) -> None:
    assert normalize_kb(text) is None


def test_pasted_text_is_read_with_every_separator() -> None:
    pasted = "KB5031364, 5031361;\nkb890830\t5031364 KB 5120228"
    assert parse_kbs(pasted) == ("KB5031364", "KB5031361", "KB890830", "KB5120228")


def test_tokens_without_a_kb_number_are_named() -> None:
    with pytest.raises(KbTextError, match="“hello” isn't a KB number"):
        parse_kbs("KB5031364 hello")


def test_valid_numbers_count_and_other_tokens_are_named_with_their_position() -> None:
    text = "KB5031364 hello, 5031361 KB12"
    found = read_kbs(text)
    assert found.kbs == ("KB5031364", "KB5031361")
    assert [text[start:end] for start, end, _ in found.invalid] == ["hello", "KB12"]
    assert found.problem.startswith("“hello”, “KB12” aren't KB numbers.")


@given(
    st.lists(st.integers(100_000, 99_999_999), max_size=8), st.sampled_from([",", "\n", " ", "; "])
)
def test_any_list_of_numbers_is_read_back(numbers: list[int], separator: str) -> None:
    expected = tuple(dict.fromkeys(f"KB{n}" for n in numbers))
    assert parse_kbs(separator.join(str(n) for n in numbers)) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_or_rejected_with_a_reason(text: str) -> None:
    try:
        kbs = parse_kbs(text)
    except KbTextError as error:
        assert str(error).endswith("such as KB5031364.")
    else:
        assert all(normalize_kb(kb) == kb for kb in kbs)


def test_only_ascii_digits_make_a_kb_number() -> None:
    found = read_kbs("٥٠٩٩٥٣٦ KB５０９９５３６ KB5099536")
    assert found.kbs == ("KB5099536",)
    assert len(found.invalid) == 2
