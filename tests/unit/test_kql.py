import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.simulator.kql import KqlQuery, QueryError
from hotpatch_gui.system import resources

ROWS = [
    {"id": "/A/x", "type": "T/One", "n": 2, "properties": {"a": {"b": "Yes"}, "list": ["p", "q"]}},
    {"id": "/a/y", "type": "t/two", "n": 1, "properties": {"a": {"b": None}, "list": []}},
]


def ids(text: str) -> list[str]:
    return [r["id"] for r in KqlQuery(text).run(ROWS)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("type =~ 't/one'", ["/A/x"]),
        ("type == 't/one'", []),
        ("type has 'two'", ["/a/y"]),
        ("type !has 'two'", ["/A/x"]),
        ("id startswith '/A/'", ["/A/x", "/a/y"]),
        ("type in~ ('T/TWO', 'x')", ["/a/y"]),
        ("properties.a.b == 'Yes' and n == 2", ["/A/x"]),
        ("properties['a'].b == 'Yes' or n == 1", ["/A/x", "/a/y"]),
        ("split(id, '/')[2] == 'y'", ["/a/y"]),
        ("(n == 1)", ["/a/y"]),
    ],
)
def test_conditions(condition: str, expected: list[str]) -> None:
    assert ids(f"t | where {condition} | project id") == expected


def test_project_extend_and_order() -> None:
    found = KqlQuery(
        "t | extend who = tolower(id) | project id, who, first = properties.list[0] | order by who desc"
    ).run(ROWS)
    assert found == [
        {"id": "/a/y", "who": "/a/y", "first": None},
        {"id": "/A/x", "who": "/a/x", "first": "p"},
    ]


@pytest.mark.parametrize(
    "name",
    [
        "machines",
        "health",
        "schedules",
        "assignments",
        "assessments",
        "installations",
        "subscriptions",
    ],
)
def test_the_programs_queries_are_read_and_project_the_id_for_paging(name: str) -> None:
    query = KqlQuery(resources.read_text(f"kql/{name}.kql"))
    assert query.projects_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "t | summarize count()",
        "t | where",
        "t | where x ==",
        "t | project f(",
        "t ; drop",
        "t | where nope(x)",
    ],
)
def test_unsupported_queries_are_rejected(text: str) -> None:
    with pytest.raises(QueryError):
        KqlQuery(text)


@given(st.text(max_size=80))
def test_any_query_is_read_or_rejected(text: str) -> None:
    with contextlib.suppress(QueryError):
        KqlQuery(text)
