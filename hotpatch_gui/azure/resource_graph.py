"""Resource Graph: the ``.kql`` queries, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from typing import Any

import orjson
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.resourcegraph import ResourceGraphClient

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator

from .errors import as_problems, malformed_response

tr = translator("ResourceGraph")

PAGE_ROWS = 1000
GROUP = 300
"""The maximum number of subscriptions in a query (learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data)."""
RESOURCES, API_VERSION = "/providers/Microsoft.ResourceGraph/resources", "2021-03-01"


class Part(Enum):
    """A part of a result table: machines' results, their updates, or both."""

    BOTH = ""
    RESULTS = "type !endswith '/softwarepatches'"
    UPDATES = "type endswith '/softwarepatches'"


@dataclass(frozen=True, slots=True)
class QueryFilter:
    """A restriction of a query to rows below these IDs, changed since a time, and of one part."""

    below: Sequence[str] = ()
    since: datetime | None = None
    part: Part = Part.BOTH


ALL = QueryFilter()


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Up to 1,000 rows; ``total`` counts all rows."""

    rows: list[Mapping[str, Any]]
    total: int


class ResourceGraph:
    """Runs queries over the selected subscriptions, or all readable ones."""

    def __init__(self, client: ResourceGraphClient, subscription_ids: tuple[str, ...]) -> None:
        self._client = client
        self.subscription_ids = subscription_ids

    def pages(
        self, query_name: str, filter_fields: QueryFilter = ALL, *, of_all: bool = False
    ) -> Pages:
        """The pages of ``resources/kql/<query_name>.kql``. ``of_all`` ignores the selection."""
        text = resources.read_text(f"kql/{query_name}.kql")
        selected = () if of_all else self.subscription_ids
        groups = [selected[n : n + GROUP] for n in range(0, len(selected), GROUP)] or [()]
        return Pages(self, query_name, _narrowed(text, filter_fields), groups)

    def page(
        self, name: str, text: str, subscription_ids: Sequence[str], token: str | None
    ) -> tuple[ResultPage, str | None]:
        """One page and the token of the next. Without subscriptions, Azure uses the tenant's.

        Raises:
            ProblemError: it failed or can't be read.
        """
        doing = tr("reading {name}", name=name)
        options = {"resultFormat": "objectArray", "$top": PAGE_ROWS, "$skipToken": token}
        body: dict[str, Any] = {
            "query": text,
            "options": {key: value for key, value in options.items() if value is not None},
        }
        if subscription_ids:
            body["subscriptions"] = subscription_ids
        with as_problems(doing):
            response = self._query(body)
            rows, total = response["data"], response.get("totalRecords")
            truncated, next_token = response.get("resultTruncated"), response.get("$skipToken")
        if str(truncated).casefold() == "true" and not next_token:
            raise ProblemError(
                Problem(
                    ProblemKind.MALFORMED_RESPONSE,
                    tr(
                        "Azure returned a truncated result without a link to the next page while {doing}.",
                        doing=doing,
                    ),
                    tr("Earlier data is kept. Try again."),
                )
            )
        if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
            raise ProblemError(malformed_response(doing))
        count = total if isinstance(total, int) else len(rows)
        return ResultPage(rows, count), next_token if isinstance(next_token, str) else None

    def _query(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The response's JSON object through the SDK's pipeline.

        The SDK's method ``resources`` would walk every value, which takes six times as long as parsing.
        """
        request = HttpRequest(
            "POST",
            RESOURCES,
            params={"api-version": API_VERSION},
            content=orjson.dumps(body),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        # streamed, because the pipeline would parse the JSON otherwise
        response = self._client._send_request(request, stream=True)  # noqa: SLF001 - the SDK's access to raw responses
        with response:
            content = response.read()
        if response.status_code != HTTPStatus.OK:
            raise HttpResponseError(response=response)
        found: dict[str, Any] = _read(content)
        return found


def _read(content: bytes) -> Any:
    """Parse JSON, even with half a surrogate pair, which orjson rejects.

    Raises:
        ValueError: it isn't JSON.
    """
    try:
        return orjson.loads(content)
    except ValueError:
        return json.loads(content)


class Pages(Iterator[ResultPage]):
    """One query's pages, for one group of subscriptions after another.

    After a failed page, ``next`` requests it again. ``total`` counts the groups so far.
    """

    def __init__(
        self, graph: ResourceGraph, name: str, text: str, groups: Sequence[Sequence[str]]
    ) -> None:
        self._graph, self._name, self._text = graph, name, text
        self._groups = list(groups)
        self._token: str | None = None
        self._before = 0
        self._seen: set[str] = set()

    def __next__(self) -> ResultPage:
        if not self._groups:
            raise StopIteration
        page, self._token = self._graph.page(self._name, self._text, self._groups[0], self._token)
        if self._token in self._seen:
            raise ProblemError(
                Problem(
                    ProblemKind.MALFORMED_RESPONSE,
                    tr(
                        "Azure linked to the same page twice while reading {name}.", name=self._name
                    ),
                    tr("Earlier data is kept. Try again."),
                )
            )
        self._seen |= {self._token} if self._token else set()
        total = self._before + page.total
        if self._token is None:
            del self._groups[0]
            self._before = total
        return replace(page, total=total)


def _narrowed(text: str, filter_fields: QueryFilter) -> str:
    """Insert filters before the query's other steps, so that only matching rows are read."""
    table, rest = text.split("\n", 1)
    steps = []
    if filter_fields.below:
        steps.append(" or ".join(f"id startswith '{_quoted(one)}/'" for one in filter_fields.below))
    if filter_fields.part is not Part.BOTH:
        steps.append(filter_fields.part.value)
    if filter_fields.since is not None:
        at = filter_fields.since.astimezone(UTC).isoformat()
        steps.append(f"todatetime(properties.lastModifiedDateTime) >= todatetime('{at}')")
    return "\n".join([table, *(f"| where {step}" for step in steps), rest])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
