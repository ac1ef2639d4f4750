"""Training as xAPI statements (IEEE 9274.1.1, and 1.0.3): registered, attended, completed, passed.

Plain statements for a learning record store: a list as ``POST /statements`` takes it. Who learned
is named by the id of the roster entry alone, without name, address or the academy's number. An id
is made of the record's address, its version and the verb: what is exported again has the same
one, and what was corrected since has another, since a store never changes a statement.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

Node = Mapping[str, Any]
Statement = dict[str, Any]

PLATFORM: Final = "Golden Thread training"
_VERBS = "http://adlnet.gov/expapi/verbs/"
_ACTIVITIES = "http://adlnet.gov/expapi/activities/"
_CAME = frozenset({"PRESENT", "PARTIAL"})
_HAS_A_PLACE = frozenset({"REGISTERED", "ACCEPTED"})
_WAITS = frozenset({"WAITLISTED", "ALTERNATE"})


@dataclass(frozen=True, slots=True)
class StatementFile:
    """Which operation gives the rows, and what each of them says."""

    operation: str
    statements: Callable[[Node, str], list[Statement]]


def registrations(node: Node, issuer: str) -> list[Statement]:
    """Return that a person was registered, from when they first had a place, if ever.

    Args:
        node: an assignment with its history.
        issuer: address of who says it; those of people, courses and sessions begin with it.
    """
    at = _first_place(node["statusHistory"])
    if at is None:
        return []
    session = node["session"]
    thing = _course(session["course"], issuer)
    about = _context(node["id"], session, issuer)
    address = f"{issuer}/assignments/{node['id']}"
    return [_statement(node, address, "registered", thing, about, at, issuer)]


def results(node: Node, issuer: str) -> list[Statement]:
    """Return what a training record says: that a person was there, has completed, has passed.

    Nobody has passed who was not tested. A record keeps the day and no hour, and noon in UTC is on
    that day in each of the country's zones.

    Args:
        node: a training record.
        issuer: address of who says it.
    """
    course = node.get("course")
    thing = _course(course, issuer) if course else _elsewhere(node)
    said = {"source": node["source"], "record-version": node["version"]}
    about = _context(node["id"], node.get("session"), issuer, said)
    at = f"{node['completedOn']}T12:00:00Z"
    address = f"{issuer}/records/{node['id']}/{node['version']}"
    hours = Decimal(str(node["hoursCredited"]))
    lasted = {"duration": duration(hours)} if hours else {}
    is_complete = node["outcome"] == "COMPLETED"
    told: list[tuple[str, dict[str, Any]]] = []
    if node["attendance"] in _CAME:
        told.append(("attended", lasted))
    if is_complete:
        told.append(("completed", {"completion": True, **lasted}))
    if is_complete and node.get("score") is not None:
        told.append(("passed", {"completion": True, "success": True, **lasted}))
    return [
        _statement(node, address, verb, thing, about, at, issuer, result) for verb, result in told
    ]


FILES: Mapping[str, StatementFile] = {
    "assignments": StatementFile("TrainingRegistrationStatements", registrations),
    "results": StatementFile("TrainingRecordStatements", results),
}
"""By the name of the table that has the same rows as CSV."""


def statements_of(name: str, nodes: Iterable[Node], issuer: str) -> list[Statement]:
    """Return what the rows of a file say, in their order."""
    say = FILES[name].statements
    return [statement for node in nodes for statement in say(node, issuer)]


def duration(hours: Decimal) -> str:
    """Return hours as an ISO 8601 duration, to the second.

    >>> duration(Decimal("1.5"))
    'PT1H30M'
    """
    minutes, seconds = divmod(int((hours * 3600).to_integral_value()), 60)
    whole, minutes = divmod(minutes, 60)
    parts = ((whole, "H"), (minutes, "M"), (seconds, "S"))
    return "PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")


def _first_place(history: Iterable[Node]) -> str | None:
    """Return when somebody first had a place: a registration that led to the waiting list is none.

    Steps that are taken in one go have one time, and such a registration has the waiting list's.
    """
    steps = list(history)
    waited = {step["changedAt"] for step in steps if step["status"] in _WAITS}
    had = (
        step["changedAt"]
        for step in steps
        if step["status"] in _HAS_A_PLACE and step["changedAt"] not in waited
    )
    return next(had, None)


def _statement(
    node: Node,
    address: str,
    verb: str,
    thing: Statement,
    about: Statement,
    at: str,
    issuer: str,
    result: Statement | None = None,
) -> Statement:
    person = node["personnel"]
    statement: Statement = {
        "id": str(uuid5(NAMESPACE_URL, f"{address}#{verb}")),
        "actor": _agent(f"{issuer}/personnel", person["id"]),
        "verb": {"id": _VERBS + verb, "display": {"en-US": verb}},
        "object": thing,
        "context": about,
        "timestamp": at,
    }
    if result:
        statement["result"] = result
    if person.get("agency"):
        statement["authority"] = _agent(f"{issuer}/agencies", person["agency"]["id"])
    return statement


def _agent(home: str, name: str) -> Statement:
    return {"objectType": "Agent", "account": {"homePage": home, "name": name}}


def _course(course: Node, issuer: str) -> Statement:
    return _activity(f"{issuer}/courses/{course['number']}", "course", course["title"])


def _elsewhere(node: Node) -> Statement:
    return _activity(f"urn:uuid:{node['id']}", "course", node["title"])


def _activity(address: str, kind: str, name: str) -> Statement:
    definition = {"name": {"en-US": name}, "type": _ACTIVITIES + kind}
    return {"objectType": "Activity", "id": address, "definition": definition}


def _context(
    registration: str, session: Node | None, issuer: str, said: Node | None = None
) -> Statement:
    """Return in which session, and what holds together the statements of one record."""
    about: Statement = {"registration": registration, "platform": PLATFORM}
    if session:
        held = _activity(f"{issuer}/sessions/{session['number']}", "meeting", session["title"])
        about["contextActivities"] = {"grouping": [held]}
    if said:
        about["extensions"] = {f"{issuer}/xapi/{key}": value for key, value in said.items()}
    return about
