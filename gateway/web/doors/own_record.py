"""``GET /me/record.json``: a participant's own record, whole, in a form that machines read.

Right of access: 45 CFR 164.524, RCW 70.02.080, decision rule D04. It runs committed operations as
whoever holds the token, for the own purpose alone (PATRQT, or PWATRNY for a representative), which
no other role may state. What others have told is excepted by the services, not here. Each operation
passes the release gate and stands in the accounting like any other reading.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.pipeline import Pipeline
from gateway.web.credentials import CredentialsReader
from gateway.web.doors.committed import CommittedOperations
from gateway.web.doors.responses import JSON_TYPE, file_of, json_of, refusal_of
from infra import clock

FORMAT = "urn:goldenthread:own-record:1"
MAX_ROUNDS = 200
_PURPOSES = ("PATRQT", "PWATRNY")
SECTIONS = (
    "notes", "goals", "planHistory", "assessments", "encounters", "servicesArranged",
    "housingHistory", "incomeHistory", "benefits", "naloxone", "overdoses", "fundSpending",
    "documents", "appointments", "referrals", "legalCases", "releases", "accounting",
)  # fmt: skip
"""Lists of the record; each is read page by page to its end."""
AROUND = (
    "progressSummaryWordings", "contactAttempts", "programmePlaces", "assignments", "counsel",
    "emergencyAccesses",
)  # fmt: skip
"""Short lists, read together as long as one of them goes on: an operation has few directives."""
LEFT_OUT = {
    "enrollment": "the newest of `enrollments`",
    "housing": "the newest of `housingHistory`",
    "income": "the newest of `incomeHistory`",
    "plan": "the newest of `planHistory`",
    "recipients": "agencies out of `accounting`",
    "courtOrders": "its service shows them to staff",
    "legalDemands": "its service shows them to staff",
    "duties": "its service shows them to staff",
}
"""Fields that the access table gives a participant and that are not in the file, and why."""

Variables = Mapping[str, Any]
Ask = Callable[[str, Variables], Awaitable[Mapping[str, Any]]]


class OwnRecordDoor:
    """The route that hands somebody their own record."""

    def __init__(self, pipeline: Pipeline, credentials: CredentialsReader) -> None:
        """Make the door.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
        """
        names = ("OwnRecordSubject", "OwnRecord")
        self._operations = CommittedOperations(pipeline, credentials, names)

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/me/record.json", self._record, methods=["GET"])]

    async def _record(self, request: Request) -> Response:
        purpose = request.headers.get("purpose-of-use", _PURPOSES[0])

        async def ask(name: str, variables: Variables) -> Mapping[str, Any]:
            return await self._operations.whole(request, name, variables, purpose=purpose)

        try:
            _check_purpose(purpose)
            subject = request.query_params.get("participant") or await _subject(ask)
            found = None if subject is None else await collect(ask, subject)
        except RequestRefusedError as refused:
            return refusal_of(refused)
        if found is None:  # nobody, somebody else and nobody's record look alike
            return json_of(404, {"errors": [{"extensions": {"code": "NOT_FOUND"}}]})
        record, cut = found
        body = {
            "format": FORMAT,
            "madeAt": clock.now().isoformat(),
            "isWhole": not cut,
            "cutShort": cut,
            "record": record,
        }
        written = orjson.dumps(body, option=orjson.OPT_INDENT_2)
        return file_of(written, JSON_TYPE, "record.json")


def _check_purpose(purpose: str) -> None:
    if purpose not in _PURPOSES:
        raise RequestRefusedError(403, "PURPOSE_NOT_ALLOWED")


async def _subject(ask: Ask) -> str | None:
    """Return whose record the caller may read.

    Raises:
        RequestRefusedError: several people's; the request must name one.
    """
    page = (await ask("OwnRecordSubject", {})).get("participants") or {}
    people = [edge["node"]["id"] for edge in page.get("edges") or ()]
    if len(people) > 1:
        raise RequestRefusedError(400, "BAD_REQUEST")
    return people[0] if people else None


async def collect(ask: Ask, subject: str) -> tuple[dict[str, Any], list[str]] | None:
    """Read a record to the end of every list.

    Args:
        ask: runs an operation by name.
        subject: whose record.

    Returns:
        The record, its lists as plain lists, and the paths of inner lists that are longer than
        what is here; None where there is no such record for this caller.
    """
    record: dict[str, Any] = {}
    cut: list[str] = []
    wanted: dict[str, str | None] = dict.fromkeys((*SECTIONS, *AROUND))
    for number in range(MAX_ROUNDS):
        variables: dict[str, Any] = {"id": subject, "person": number == 0}
        variables |= {name: name in wanted for name in SECTIONS}
        variables |= {f"{name}After": wanted.get(name) for name in (*SECTIONS, *AROUND)}
        variables["around"] = any(name in wanted for name in AROUND)
        person = (await ask("OwnRecord", variables)).get("participant")
        if person is None:
            return None
        for name, value in person.items():
            if name in AROUND and name not in wanted:
                continue  # read to its end before
            found = plain(value, name, cut)
            record[name] = [*record.get(name, ()), *found] if name in wanted else found
        following = {name: (person.get(name) or {}).get("pageInfo") or {} for name in wanted}
        wanted = {
            name: info["endCursor"] for name, info in following.items() if info.get("hasNextPage")
        }
        if not wanted:
            return record, cut
    return record, [*cut, *wanted]


def plain(value: Any, path: str, cut: list[str]) -> Any:
    """Return a value with its connections as plain lists; notes in ``cut`` what is not whole.

    A list of the record itself is read on; only lists within its entries can be cut short.
    """
    if isinstance(value, list):
        return [plain(each, path, cut) for each in value]
    if not isinstance(value, dict):
        return value
    if "edges" not in value:
        return {name: plain(each, f"{path}.{name}", cut) for name, each in value.items()}
    if "." in path and (value.get("pageInfo") or {}).get("hasNextPage") and path not in cut:
        cut.append(path)
    nodes = [edge["node"] for edge in value["edges"] or () if edge and edge.get("node")]
    return [plain(each, path, cut) for each in nodes]
