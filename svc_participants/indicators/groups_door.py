"""The internal doors at which a publisher of another service asks whom it counts.

``svc_cases`` alone may ask: who was first referred at a site in a period and on which day, and in
which groups people are whom it counts there; whoever was never referred at the site is in neither
answer. Groups are those of the published tables: a band of ages, never a birth date, never a name.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra.identity_token import IdentityTokenError
from infra.indicators.definitions import Categories, Split
from infra.indicators.groups import MOST_PEOPLE, PATH, REFERRED_PATH
from infra.subgraph_app import Chassis, json_response, refusal
from svc_participants.indicators import repository, rules

_ASKING: Final = "cases"
_MAX_BODY_BYTES: Final = 1_000_000
_WRONG: Final = (KeyError, ValueError, TypeError, AttributeError)


class GroupsDoor:
    """Two endpoints: who was referred in a period, and in which groups people are."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(PATH, self._groups, methods=["POST"]),
            Route(REFERRED_PATH, self._referred, methods=["POST"]),
        ]

    def _check(self, request: Request) -> None:
        token = self._chassis.authenticate(request, frozenset({_ASKING}))
        if token.claims.get("sub") != f"service:{_ASKING}":
            raise IdentityTokenError("not the service itself")

    async def _asked(self, request: Request) -> Any:
        """Return what is asked, or the refusal of it."""
        try:
            self._check(request)
        except IdentityTokenError as error:
            return refusal(401, error.code)
        body = await request.body()
        if len(body) > _MAX_BODY_BYTES:
            return refusal(413, "BODY_TOO_LARGE")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return _bad_request()

    async def _referred(self, request: Request) -> Response:
        given = await self._asked(request)
        if isinstance(given, Response):
            return given
        try:
            site_id, period = UUID(given["siteId"]), _period(given)
            after = None if given.get("after") is None else UUID(given["after"])
        except _WRONG:
            return _bad_request()
        async with self._chassis.database.read() as session:
            found = await repository.referred_days(session, site_id, period, after, MOST_PEOPLE)
        return json_response(
            200, {"days": {str(who): day.isoformat() for who, day in found.items()}}
        )

    async def _groups(self, request: Request) -> Response:
        given = await self._asked(request)
        if isinstance(given, Response):
            return given
        try:
            site_id, (starts_on, ends_on) = UUID(given["siteId"]), _period(given)
            days = {UUID(who): date.fromisoformat(day) for who, day in given["days"].items()}
        except _WRONG:
            return _bad_request()
        if len(days) > MOST_PEOPLE:
            return _bad_request()
        async with self._chassis.database.read() as session:
            districts = await repository.districts(session, site_id)
            found = await repository.first_referrals(session, site_id, list(days))
            people = [each["participant_id"] for each in found]
            places = await repository.places(session, site_id, people, starts_on, ends_on)
        answer = {
            "categories": {split.value: of for split, of in _categories(districts).items()},
            "people": {
                str(who := row["participant_id"]): {
                    split.value: category
                    for split, category in _groups(row, days[who], districts, places[who]).items()
                }
                for row in found
            },
        }
        return json_response(200, answer)


def _period(given: Mapping[str, str]) -> tuple[date, date]:
    return date.fromisoformat(given["startsOn"]), date.fromisoformat(given["endsOn"])


def _bad_request() -> Response:
    return refusal(400, "BAD_REQUEST")


def _categories(districts: list[str]) -> Categories:
    return {**rules.PERSON_CATEGORIES, Split.PLACE: [*districts, rules.ELSEWHERE]}


def _groups(
    row: Mapping[str, Any], on: date, districts: list[str], place: tuple[str, str]
) -> dict[Split, str]:
    kind, funding = place
    return {
        Split.DOOR: row["door"],
        Split.PLACE: rules.district(row["place"], districts),
        Split.PROGRAM: kind,
        Split.FUNDING_SOURCE: funding,
        **rules.of_person(repository.about(row), on),
    }
