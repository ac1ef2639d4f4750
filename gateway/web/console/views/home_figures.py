"""The figures beside what a start page offers: from the operations of the pages themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.web.console import homes
from gateway.web.console.asking import RefusedError
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.homes import Card
from gateway.web.console.moments import days_until, local_day, read_moment
from gateway.web.console.visit import Visit
from infra import clock

_WAITING: Final = frozenset({"OPEN", "ACKNOWLEDGED", "IN_PROGRESS"})
_OVER: Final = frozenset({"CLOSED", "MINUTES_APPROVED"})
_NOT_YOURS: Final = "FIELD_NOT_ALLOWED"
MEETINGS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and what it counts: a key of the catalogue's ``homes.figures``.

    ``count`` is empty where it is not known, and ends in ``+`` where there may be more.
    """

    count: str
    key: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A card with its figures, and with the meetings that come next where it is about them."""

    card: Card
    figures: list[Figure]
    meetings: list[Any]


@dataclass(frozen=True, slots=True)
class _Source:
    """Which operation knows, what to ask it with, and how to count its answer."""

    operation: str
    root: str
    read: Callable[[Visit, Any], list[Figure]]
    variables: Mapping[str, object]


def _all(connection: Any) -> str:
    total = connection.get("totalCount")
    return "" if total is None else str(total)


def _some(connection: Any, count: int) -> str:
    """Return a count of rows of the first page; there may be more on the next."""
    return f"{count}+" if next_cursor(connection) else str(count)


def _duties(visit: Visit, connection: Any) -> list[Figure]:
    zone, now = visit.standing.time_zone, clock.now()
    days = [days_until(read_moment(each["dueAt"]), zone, now) for each in nodes(connection)]
    late = _some(connection, sum(each < 0 for each in days))
    soon = _some(connection, sum(0 <= each <= 7 for each in days))
    return [
        Figure(_all(connection), "duties"),
        Figure(late, "duties_late"),
        Figure(soon, "duties_soon"),
    ]


def _requests(_visit: Visit, connection: Any) -> list[Figure]:
    waiting = sum(each["status"] == "REQUESTED" for each in nodes(connection))
    return [Figure(_some(connection, waiting), "requests")]


def _reviews(visit: Visit, connection: Any) -> list[Figure]:
    mine = [each for each in nodes(connection) if each["reviewer"] == visit.standing.role]
    return [Figure(_some(connection, sum(not each["closedAt"] for each in mine)), "reviews")]


def _assistance(_visit: Visit, connection: Any) -> list[Figure]:
    waiting = sum(each["status"] in _WAITING for each in nodes(connection))
    return [Figure(_some(connection, waiting), "assistance")]


def _seats(visit: Visit, connection: Any) -> list[Figure]:
    today = local_day(clock.now(), visit.standing.time_zone).isoformat()
    taken = sum(not each["endsOn"] or each["endsOn"] >= today for each in nodes(connection))
    return [Figure(_some(connection, taken), "seats")]


def next_meetings(connection: Any) -> list[Any]:
    """Return the meetings that are still to come, soonest first; the list has the latest first."""
    now = clock.now()
    coming = [
        each
        for each in nodes(connection)
        if each["startsAt"] and read_moment(each["startsAt"]) > now and each["status"] not in _OVER
    ]
    return sorted(coming, key=lambda each: read_moment(each["startsAt"]))


def _conferences(_visit: Visit, connection: Any) -> list[Figure]:
    coming = next_meetings(connection)
    unsigned = sum(
        bool(each["myInvitation"]) and not each["myInvitation"]["pledgedAt"] for each in coming
    )
    return [Figure(_some(connection, len(coming)), "meetings"), Figure(str(unsigned), "pledges")]


def _total(key: str) -> Callable[[Visit, Any], list[Figure]]:
    return lambda _visit, connection: [Figure(_all(connection), key)]


_SOURCES: Final[Mapping[str, _Source]] = {
    "duties": _Source("OpenDuties", "openDuties", _duties, {}),
    "alerts": _Source(
        "SignInAlerts", "claimMismatches", _total("alerts"), {"keepsMeanings": False}
    ),
    "requests": _Source("RoleRequests", "roleRequests", _requests, {}),
    "reviews": _Source("AccessReviews", "accessReviews", _reviews, {}),
    "agencies": _Source("AgencyDirectory", "agencies", _total("agencies"), {}),
    "liaison": _Source("LiaisonQueue", "liaisonQueue", _total("liaison"), {"kind": "TO_DECIDE"}),
    "conferences": _Source("Conferences", "owgMeetings", _conferences, {}),
    "seats": _Source("Seats", "seats", _seats, {}),
    "assistance": _Source("AssistanceRequests", "assistanceRequests", _assistance, {}),
}


async def offered(visit: Visit) -> list[Offer]:
    """Return what a start page offers; a page that would refuse this person is not among it.

    The workbench is such a page: of a prosecutor's office only the liaison has it.
    """
    found = [await _offer(visit, card) for card in homes.cards(visit.standing.role)]
    return [offer for offer in found if offer is not None]


async def _offer(visit: Visit, card: Card) -> Offer | None:
    if not card.figures:
        return Offer(card, [], [])
    source = _SOURCES[card.figures]
    try:
        reply = await visit.ask(source.operation, source.variables)
    except RefusedError as refused:
        return None if refused.code == _NOT_YOURS else Offer(card, [], [])
    connection = reply.data.get(source.root)
    if connection is None:
        return None if _NOT_YOURS in reply.codes else Offer(card, [], [])
    meetings = next_meetings(connection) if card.figures == "conferences" else []
    return Offer(card, source.read(visit, connection), meetings[:MEETINGS_SHOWN])
