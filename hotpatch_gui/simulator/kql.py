"""The part of the Kusto query language that this program's queries use.

``table
where ...
extend a = ...
project a, b = ...
order by a asc
take n``, with dotted paths, indexing,
string and number literals, ``== != =~ !~ >= has !has contains startswith endswith !endswith in~``, ``and or``,
parentheses and a few functions. Anything else is rejected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Expression = Callable[[Row], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<op>==|!=|=~|!~|>=|in~|!has|!contains|!endswith|[()\[\],.=|])|(?P<word>\$?[A-Za-z_][\w]*))"
)
_COMMENT = re.compile(r"//[^\n]*")


class QueryError(ValueError):
    """The query can't be parsed; ``str()`` is where."""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _has(value: Any, term: Any) -> bool:
    return (
        re.search(
            rf"(?<![0-9a-z]){re.escape(_text(term).casefold())}(?![0-9a-z])",
            _text(value).casefold(),
        )
        is not None
    )


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(value))
    except ValueError:
        return None


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "=~": lambda a, b: _text(a).casefold() == _text(b).casefold(),
    "!~": lambda a, b: _text(a).casefold() != _text(b).casefold(),
    "has": _has,
    "!has": lambda a, b: not _has(a, b),
    "contains": lambda a, b: _text(b).casefold() in _text(a).casefold(),
    "!contains": lambda a, b: _text(b).casefold() not in _text(a).casefold(),
    "startswith": lambda a, b: _text(a).casefold().startswith(_text(b).casefold()),
    "endswith": lambda a, b: _text(a).casefold().endswith(_text(b).casefold()),
    "!endswith": lambda a, b: not _text(a).casefold().endswith(_text(b).casefold()),
    ">=": lambda a, b: a is not None and b is not None and a >= b,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tostring": _text,
    "tolower": lambda v: _text(v).lower(),
    "toint": lambda v: None if v is None else int(v),
    "tobool": lambda v: None if v is None else _text(v).casefold() == "true",
    "todatetime": _moment,
    "isnotempty": lambda v: _text(v) != "",
    "isempty": lambda v: _text(v) == "",
    "parse_json": lambda v: json.loads(v) if isinstance(v, str) else v,
    "split": lambda v, by: _text(v).split(by),
    "bag_keys": lambda v: list(v or {}),
}


class KqlQuery:
    """A parsed query: ``table``, and ``run`` over its rows.

    Raises:
        QueryError: on construction, if the text isn't supported.
    """

    def __init__(self, text: str) -> None:
        self._tokens = _tokenize(_COMMENT.sub("", text))
        self._at = 0
        self.table = self._word()
        self.projects_id = True
        self._steps: list[Callable[[Iterable[Row]], Iterable[Row]]] = []
        while self._at < len(self._tokens):
            self._expect("|")
            self._operator(self._word())

    def run(self, rows: Iterable[Row]) -> list[Row]:
        for step in self._steps:
            rows = step(rows)
        return list(rows)

    def _operator(self, name: str) -> None:
        match name:
            case "where":
                test = self._or()
                self._steps.append(lambda rows: (r for r in rows if test(r)))
            case "extend" | "project":
                columns = self._columns()
                if name == "extend":
                    self._steps.append(
                        lambda rows: (r | {k: e(r) for k, e in columns} for r in rows)
                    )
                else:
                    self.projects_id = any(k == "id" for k, _ in columns)
                    self._steps.append(lambda rows: ({k: e(r) for k, e in columns} for r in rows))
            case "order" | "sort":
                self._expect("by")
                self._order()
            case "take" | "limit":
                count = int(self._next()[1])
                self._steps.append(lambda rows: list(rows)[:count])
            case _:
                raise QueryError(f"The operator '{name}' is not supported.")

    def _order(self) -> None:
        keys: list[tuple[Expression, bool]] = []
        while True:
            key = self._primary()
            direction = self._word() if self._peek()[1] in ("asc", "desc") else "desc"
            keys.append((key, direction == "desc"))
            if self._peek()[1] != ",":
                break
            self._next()

        def sort(rows: Iterable[Row]) -> Iterable[Row]:
            ordered = list(rows)
            for key, reverse in reversed(keys):
                ordered.sort(key=lambda r: _text(key(r)), reverse=reverse)
            return ordered

        self._steps.append(sort)

    def _columns(self) -> list[tuple[str, Expression]]:
        columns: list[tuple[str, Expression]] = []
        while True:
            kind, word = self._peek()
            if kind == "word" and self._peek(1)[1] == "=":
                self._at += 2
                columns.append((word, self._or()))
            else:
                columns.append((word, self._or()))
            if self._peek()[1] != ",":
                return columns
            self._next()

    def _or(self) -> Expression:
        terms = [self._and()]
        while self._peek()[1] == "or":
            self._next()
            terms.append(self._and())
        return terms[0] if len(terms) == 1 else lambda r: any(t(r) for t in terms)

    def _and(self) -> Expression:
        terms = [self._comparison()]
        while self._peek()[1] == "and":
            self._next()
            terms.append(self._comparison())
        return terms[0] if len(terms) == 1 else lambda r: all(t(r) for t in terms)

    def _comparison(self) -> Expression:
        left = self._primary()
        operator = self._peek()[1]
        if operator == "in~":
            self._next()
            values = {_text(v({})).casefold() for v in self._arguments()}
            return lambda r: _text(left(r)).casefold() in values
        compare = _COMPARE.get(operator)
        if compare is None:
            return left
        self._next()
        right = self._primary()
        return lambda r: compare(left(r), right(r))

    def _primary(self) -> Expression:
        kind, value = self._next()
        if value == "(":
            inner = self._or()
            self._expect(")")
            return self._path(inner)
        if kind == "string":
            literal: Any = re.sub(r"\\(.)", r"\1", value[1:-1])
            return lambda _: literal
        if kind == "number":
            number = float(value) if "." in value else int(value)
            return lambda _: number
        if value in ("true", "false"):
            return lambda _: value == "true"
        if kind == "word" and self._peek()[1] == "(":
            function, arguments = _FUNCTIONS.get(value), self._arguments()
            if function is None:
                raise QueryError(f"The function '{value}' is not supported.")
            return self._path(lambda r: function(*(a(r) for a in arguments)))
        if kind == "word":
            return self._path(lambda r: r.get(value))
        raise QueryError(f"'{value}' was not expected.")

    def _path(self, expression: Expression) -> Expression:
        while self._peek()[1] in (".", "["):
            if self._next()[1] == ".":
                expression = _member(expression, self._word())
            else:
                key = self._primary()({})
                self._expect("]")
                expression = _member(expression, key)
        return expression

    def _arguments(self) -> list[Expression]:
        self._expect("(")
        arguments: list[Expression] = []
        while self._peek()[1] != ")":
            arguments.append(self._or())
            if self._peek()[1] == ",":
                self._next()
        self._expect(")")
        return arguments

    def _peek(self, ahead: int = 0) -> tuple[str, str]:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        if token[0] == "end":
            raise QueryError("The query ends too early.")
        self._at += 1
        return token

    def _word(self) -> str:
        kind, value = self._next()
        if kind != "word":
            raise QueryError(f"A name was expected instead of '{value}'.")
        return value

    def _expect(self, wanted: str) -> None:
        value = self._next()[1]
        if value != wanted:
            raise QueryError(f"'{wanted}' was expected instead of '{value}'.")


def _member(base: Expression, key: Any) -> Expression:
    def get(row: Row) -> Any:
        value = base(row)
        if isinstance(value, dict):
            return value.get(key)
        if isinstance(value, list) and isinstance(key, int):
            return value[key] if -len(value) <= key < len(value) else None
        return None

    return get


def _tokenize(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f"Unreadable at: {text[at : at + 20].strip()}")
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind)))
        at = match.end()
    return tokens
