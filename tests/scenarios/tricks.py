"""Ways in which somebody tries to find out what they may not know, each by a name for a reader."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import orjson

from tests.scenarios.legal import Stage

# Each asks about the person whose id is $id; what is told about one who is hidden must be what is
# told about an id that names nobody, to the byte.
TRICKS = {
    "another name for a field": """query T($id: ID!) { a: participant(id: $id) {
      b: notes(first: 1) { c: totalCount } id } b: participant(id: $id) { name { given } } }""",
    "a fragment": """query T($id: ID!) { participant(id: $id) { ...F ...G } }
      fragment F on Participant { notes(first: 1) { totalCount } }
      fragment G on Participant { __typename name { given } }""",
    "only the kind of thing it is": """query T($id: ID!) { participant(id: $id) { __typename } }""",
    "a count": """query T($id: ID!) { participant(id: $id) { notes { totalCount }
      goals { totalCount } housingHistory { totalCount } } }""",
    "a condition": """query T($id: ID!) { participant(id: $id) {
      notes(first: 1) @include(if: true) { totalCount } contact @skip(if: false) { phone } } }""",
    "whether a page follows": """query T($id: ID!) { participant(id: $id) {
      notes(first: 1) { pageInfo { hasNextPage endCursor } } } }""",
    "through a case": """query T($id: ID!) { leadLink(id: $id) { relation
      participant { id name { given } } } }""",
    "through a referral": """query T($id: ID!) { referral(id: $id) { status
      participant { id } } }""",
    "an order by something hidden": """query T($id: ID!) { participants(
      first: 5, orderBy: CONTACT_PHONE) { totalCount } participant(id: $id) { id } }""",
    "a filter by something hidden": """query T($id: ID!) { participants(
      first: 5, noteContains: "heroin") { totalCount } participant(id: $id) { id } }""",
    "asking many at once": """query T($id: ID!) { """
    + " ".join(f"p{number}: participant(id: $id) {{ id name {{ given }} }}" for number in range(40))
    + " }",
    "the schema": """query T($id: ID!) { __type(name: "Participant") { fields { name } }
      participant(id: $id) { id } }""",
}


def _same(body: Any, participant: str) -> bytes:
    """Return a body without the id that was asked with and what differs each time."""
    text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return text.replace(participant.encode(), b"ID")


async def try_a_trick(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody tries a trick on the participant, and on nobody: they cannot tell the two apart."""
    told = []
    for participant in (stage.participant, str(UUID(int=7, version=4))):
        answer = await stage.ask(step, TRICKS[step["trick"]], {"id": participant})
        told.append((answer.status, _same(answer.body, participant)))
    assert told[0] == told[1], told


async def count_rows(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody lists people: the total is the number of rows that they can page through."""
    query = """query Rows($after: String) { participants(first: 3, after: $after) { totalCount
      pageInfo { hasNextPage endCursor } edges { node { id } } } }"""
    after, rows, total = None, 0, None
    for _ in range(100):
        answer = await stage.ask(step, query, {"after": after})
        page = answer.body["data"]["participants"]
        rows, total = rows + len(page["edges"]), page["totalCount"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert total == rows, (total, rows)


FIGURES = """query Figures($split: IndicatorSplit!) { reachIndicators(splitBy: $split) {
  key people outcomes { outcome people } groups { code people cells { people } } } }"""


async def read_figures(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody reads figures: no number under eleven, and no total gives one back."""
    tables: list[Any] = []
    for _ in range(60):  # they are published soon after the start
        answer = await stage.ask(step, FIGURES, {"split": step["split"]})
        assert answer.status == 200, answer.body
        assert "errors" not in answer.body, answer.body
        tables = answer.body["data"]["reachIndicators"] or []
        if tables:
            break
        await asyncio.sleep(0.5)
    assert tables, "nothing is published"
    for table in tables:
        groups = [each["people"] for each in table["groups"]]
        shown = [table["people"], *groups]
        shown += [cell["people"] for each in table["groups"] for cell in each["cells"]]
        shown += [each["people"] for each in table["outcomes"]]
        assert all(each is None or each >= 11 for each in shown), table
        # One hidden group beside a total would be the difference.
        assert table["people"] is None or groups.count(None) != 1, table


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "try a trick": try_a_trick,
    "count the rows": count_rows,
    "read figures": read_figures,
}
STEP_WORDS = {"trick", "split"}
