"""Training as xAPI statements: whole, the same each time, and of people no more than an id."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid5

import httpx2
import pytest
from starlette.applications import Starlette

from gateway.errors import RequestRefusedError
from gateway.exchange import Answer, GraphQLRequest
from gateway.pipeline import Pipeline
from gateway.web.credentials import CredentialsReader
from gateway.web.doors import statements, training
from gateway.web.doors.statements import FILES, duration, statements_of
from infra.signing_keys import SigningKeys

GOLDEN = Path(__file__).parents[2] / "golden" / "training_statements.json"
ISSUER = "https://lead.example/training"
COURSE = {"number": "9101", "title": "LEAD 101"}
SESSION = {"number": "9101-7", "title": "LEAD 101, Cedar", "course": COURSE}
PERSON = {
    "id": "5f1c9f6e-4b0e-4d0a-8b58-3a3f0a4a0001",
    "agency": {"id": "7d0c9f6e-4b0e-4d0a-8b58-3a3f0a4a0002"},
}
# What a door's own operation never asks for, given all the same.
NAMED = {**PERSON, "name": "Alex Sample", "email": "alex@police.example", "externalId": "CF001"}


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"0b0d3c8e-6f4e-4a53-9f1e-{number:012}", "version": 1, "personnel": NAMED,
        "session": SESSION, "course": COURSE, "title": "LEAD 101", "attendance": "PRESENT",
        "outcome": "COMPLETED", "hoursCredited": 3.0, "score": None, "completedOn": "2026-09-15",
        "source": "OURS", "certificateNumber": "GT-9101-ABC", **changes,
    }  # fmt: skip


def assignment(number: int, *steps: tuple[str, int]) -> dict[str, Any]:
    """Return an assignment with its steps: status, and the day of the month."""
    return {
        "id": f"1c0d3c8e-6f4e-4a53-9f1e-{number:012}", "personnel": NAMED, "session": SESSION,
        "statusHistory": [
            {"status": status, "changedAt": f"2026-08-{day:02}T17:00:00+00:00",
             "comment": "Alex asked", "changedBy": "account"}
            for status, day in steps
        ],
    }  # fmt: skip


RECORDS = [
    record(1),
    record(2, score=92.5, version=2, source="ACADIS"),
    record(3, attendance="PARTIAL", outcome="INCOMPLETE", hoursCredited=0.75),
    record(4, attendance="ABSENT", outcome="INCOMPLETE", hoursCredited=0.0),
    record(5, outcome="FAILED", score=40.0, hoursCredited=0.0),
    record(6, session=None, course=None, title="Harm reduction basics", source="OUTSIDE"),
]
ASSIGNMENTS = [
    assignment(1, ("ASSIGNED", 1), ("NOTIFIED", 2), ("REGISTERED", 2), ("ACCEPTED", 3)),
    assignment(2, ("ASSIGNED", 1), ("REGISTERED", 2), ("WAITLISTED", 2), ("ACCEPTED", 5)),
    assignment(3, ("ASSIGNED", 1), ("REGISTERED", 2), ("WAITLISTED", 2), ("DENIED", 5)),
    assignment(4, ("ASSIGNED", 1)),
]


def exported() -> dict[str, list[dict[str, Any]]]:
    return {
        "assignments": statements_of("assignments", ASSIGNMENTS, ISSUER),
        "results": statements_of("results", RECORDS, ISSUER),
    }


def told(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Return of each statement its verb, and the number of the record."""
    return [
        (each["verb"]["id"].rpartition("/")[2], int(each["context"]["registration"][-12:]))
        for each in rows
    ]


def test_statements_are_those_of_the_golden_file() -> None:
    text = json.dumps(exported(), indent=1, sort_keys=True) + "\n"
    if os.environ.get("GT_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text


def test_each_record_says_what_came_of_it_and_no_more() -> None:
    made = exported()
    assert told(made["assignments"]) == [("registered", 1), ("registered", 2)]
    assert told(made["results"]) == [
        ("attended", 1), ("completed", 1),
        ("attended", 2), ("completed", 2), ("passed", 2),
        ("attended", 3), ("attended", 5), ("attended", 6), ("completed", 6),
    ]  # fmt: skip
    times = [each["timestamp"][:10] for each in made["assignments"]]
    assert times == ["2026-08-02", "2026-08-05"], "who waited had a place when it was given"


IRI = re.compile(r"^(https?://[^ ]+|urn:uuid:[0-9a-f-]{36})$")
VERBS = {
    f"http://adlnet.gov/expapi/verbs/{verb}"
    for verb in ("registered", "attended", "completed", "passed")
}


def sound(statement: Mapping[str, Any]) -> None:
    """Check what a learning record store checks before it takes a statement."""
    assert set(statement) <= {
        "id", "actor", "verb", "object", "result", "context", "timestamp", "authority",
    }  # fmt: skip
    assert UUID(statement["id"]).version == 5
    assert statement["verb"]["id"] in VERBS
    for agent in (statement["actor"], statement["authority"]):
        assert set(agent) == {"objectType", "account"}
        assert set(agent["account"]) == {"homePage", "name"}
        assert IRI.match(agent["account"]["homePage"])
        UUID(agent["account"]["name"])
    about = statement["context"]
    UUID(about["registration"])
    things = [statement["object"], *about.get("contextActivities", {}).get("grouping", ())]
    for thing in things:
        assert IRI.match(thing["id"])
        assert IRI.match(thing["definition"]["type"])
        assert set(thing["definition"]["name"]) == {"en-US"}
    assert all(IRI.match(key) for key in about.get("extensions", {}))
    assert set(statement.get("result", {})) <= {"completion", "success", "duration"}
    zoned = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    assert re.fullmatch(zoned, statement["timestamp"])
    assert None not in statement.values()


def test_statements_are_sound() -> None:
    for rows in exported().values():
        for statement in rows:
            sound(statement)


def names_found(made: object) -> list[str]:
    text = json.dumps(made).lower()
    looked = ("alex", "sample", "mbox", "mailto", "@", "cf001", "gt-9101", "92.5", "asked")
    return [each for each in looked if each in text]


def test_nobody_is_named() -> None:
    assert names_found(exported()) == []


def test_planted_name_of_the_actor_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    saying = statements._statement

    def named(node: Mapping[str, Any], *given: Any) -> dict[str, Any]:
        statement = saying(node, *given)
        person = node["personnel"]
        statement["actor"] |= {"name": person["name"], "mbox": f"mailto:{person['email']}"}
        return statement

    monkeypatch.setattr(statements, "_statement", named)
    assert {"alex", "mbox", "@"} <= set(names_found(exported()))
    with pytest.raises(AssertionError):
        test_statements_are_sound()


def test_no_operation_asks_for_a_name() -> None:
    folder = Path(statements.__file__).parent / "operations"
    for file in FILES.values():
        text = (folder / f"{file.operation}.graphql").read_text(encoding="utf-8")
        assert (
            re.findall(r"\b(\w*[nN]ame|email|accountId|externalId|comment|changedBy)\b", text) == []
        )


def ids() -> list[str]:
    made = exported()
    return [each["id"] for rows in made.values() for each in rows]


def ids_are_kept() -> None:
    """The same each time, no two alike, and another one for what was corrected since."""
    first = ids()
    assert ids() == first
    assert len(set(first)) == len(first)
    before = statements_of("results", [record(1)], ISSUER)
    after = statements_of("results", [record(1, version=2, hoursCredited=2.5)], ISSUER)
    assert told(before) == told(after)
    assert not {each["id"] for each in before} & {each["id"] for each in after}


def test_ids_are_kept() -> None:
    ids_are_kept()


@pytest.mark.parametrize("fault", ["random", "no verb", "no version"])
def test_planted_ids_are_caught(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    def made(space: UUID, text: str) -> UUID:
        if fault == "random":
            text += os.urandom(8).hex()
        elif fault == "no verb":
            text = text.partition("#")[0]
        else:
            text = re.sub(r"/\d+#", "#", text)
        return uuid5(space, text)

    monkeypatch.setattr(statements, "uuid5", made)
    with pytest.raises(AssertionError):
        ids_are_kept()


@pytest.mark.parametrize(
    ("hours", "said"),
    [("3", "PT3H"), ("1.5", "PT1H30M"), ("0.33", "PT19M48S"), ("40.01", "PT40H36S"), ("0", "PT0S")],
)
def test_hours_are_said_as_iso_8601(hours: str, said: str) -> None:
    assert duration(Decimal(hours)) == said


class Pages:
    """In the place of the pipeline: gives pages of one row, and notes what it was asked."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], refusal: str | None = None) -> None:
        self.rows = rows
        self.refusal = refusal
        self.asked: list[GraphQLRequest] = []

    async def answer(self, request: GraphQLRequest) -> Answer:
        self.asked.append(request)
        if self.refusal:
            errors = [{"message": "No.", "extensions": {"code": self.refusal}}]
            return Answer(200, {"data": {"rows": None}, "errors": errors})
        at = int((request.variables or {}).get("after") or 0)
        info = {"hasNextPage": at + 1 < len(self.rows), "endCursor": str(at + 1)}
        edges = [{"node": self.rows[at]}]
        return Answer(200, {"data": {"rows": {"edges": edges, "pageInfo": info}}})


class Reader:
    """In the place of what reads who asks."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open

    def admit(self, _request: object) -> None:
        if not self.is_open:
            raise RequestRefusedError(401, "UNAUTHENTICATED")

    def read(self, _request: object) -> tuple[str, object]:
        return "token", SimpleNamespace()


async def got(
    pages: Pages, path: str, headers: dict[str, str] | None = None, *, is_open: bool = True
) -> httpx2.Response:
    reader = cast("CredentialsReader", Reader(is_open=is_open))
    keys = cast("SigningKeys", None)
    doors = training.TrainingDoors(cast("Pipeline", pages), reader, keys)
    transport = httpx2.ASGITransport(app=Starlette(routes=doors.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="https://lead.example") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("assignments", ASSIGNMENTS), ("results", RECORDS)],
    ids=["places", "results"],
)
async def test_the_door_gives_every_page_as_a_list_that_a_store_takes(
    name: str, rows: list[dict[str, Any]]
) -> None:
    pages = Pages(rows)
    answer = await got(pages, f"/training/{name}.xapi.json", {"purpose-of-use": "TRAINING_ADMIN"})
    assert answer.status_code == 200
    assert answer.json() == exported()[name]
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert f'filename="{name}.xapi.json"' in answer.headers["content-disposition"]
    assert "x-next-cursor" not in answer.headers
    assert [(each.is_door, each.purpose) for each in pages.asked] == [
        (True, "TRAINING_ADMIN")
    ] * len(rows)


async def test_what_is_too_long_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MAX_PAGES", 4)
    path = "/training/results.xapi.json"
    first = await got(Pages(RECORDS), path)
    assert first.headers["x-next-cursor"] == "4"
    rest = await got(Pages(RECORDS), f"{path}?after={first.headers['x-next-cursor']}")
    assert "x-next-cursor" not in rest.headers
    assert first.json() + rest.json() == exported()["results"]


async def test_a_part_that_is_refused_is_no_file() -> None:
    refused = await got(Pages(RECORDS, "FORBIDDEN"), "/training/results.xapi.json")
    assert refused.status_code == 403
    away = await got(Pages(RECORDS, "SERVICE_UNAVAILABLE"), "/training/results.xapi.json")
    assert away.status_code == 503
    pages = Pages(RECORDS)
    outside = await got(pages, "/training/assignments.xapi.json", is_open=False)
    assert (outside.status_code, pages.asked) == (401, [])
    unknown = await got(pages, "/training/personnel.xapi.json")
    assert (unknown.status_code, pages.asked) == (404, [])
