"""The internal door at which a publisher of another service asks for the groups of people.

``svc_cases`` alone may ask, for people whom it counts at a site; whoever was never referred there
is not in the answer. Groups are those of the published tables: a band of ages, never a birth date.
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
from infra.indicators.groups import MOST_PEOPLE, PATH
from infra.subgraph_app import Chassis, json_response, refusal
from svc_participants.indicators import repository, rules

_ASKING: Final = "cases"
_MAX_BODY_BYTES: Final = 1_000_000


class GroupsDoor:
    """One endpoint: in which groups these people are."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(PATH, self._answer, methods=["POST"])]

    def _check(self, request: Request) -> None:
        token = self._chassis.authenticate(request, frozenset({_ASKING}))
        if token.claims.get("sub") != f"service:{_ASKING}":
            raise IdentityTokenError("not the service itself")

    async def _answer(self, request: Request) -> Response:
        try:
            self._check(request)
        except IdentityTokenError as error:
            return refusal(401, error.code)
        body = await request.body()
        if len(body) > _MAX_BODY_BYTES:
            return refusal(413, "BODY_TOO_LARGE")
        try:
            given = orjson.loads(body)
            site_id = UUID(given["siteId"])
            starts_on, ends_on = (date.fromisoformat(given[key]) for key in ("startsOn", "endsOn"))
            days = {UUID(who): date.fromisoformat(day) for who, day in given["days"].items()}
        except (orjson.JSONDecodeError, KeyError, ValueError, TypeError, AttributeError):
            return refusal(400, "BAD_REQUEST")
        if len(days) > MOST_PEOPLE:
            return refusal(400, "BAD_REQUEST")
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
