"""The internal doors at which a publisher of another service asks whom it counts.

``svc_cases`` alone may ask who was first referred at a site in a period and on which day, and in
which groups people are whom it counts there; whoever was never referred at the site is in neither
answer. Groups are those of the published tables: a band of ages, never a birth date, never a name.
``svc_consent`` is told no groups: it alone hands over outcomes and gets suppressed tables. Both may
ask which records are merged into which, so that nobody is counted twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra.identity_token import IdentityTokenError
from infra.indicators.counting import tables_of
from infra.indicators.definitions import (
    ABOUT_PERSONS,
    Categories,
    Family,
    Grain,
    Indicator,
    Observation,
    Outcome,
    Population,
    Split,
)
from infra.indicators.groups import (
    MERGED_PATH,
    MOST_COUNTED,
    MOST_PEOPLE,
    PATH,
    REFERRED_PATH,
    TABLES_PATH,
)
from infra.subgraph_app import Chassis, json_response, refusal
from svc_participants.indicators import repository, repository_care, rules
from svc_participants.indicators.merged import merged_records
from svc_participants.indicators.populations import NOT_KNOWN

_MAX_BODY_BYTES: Final = {
    PATH: 1_000_000, REFERRED_PATH: 1_000_000, TABLES_PATH: 4_000_000, MERGED_PATH: 1_000,
}  # fmt: skip
_ASKING: Final = {
    PATH: frozenset({"cases"}),
    REFERRED_PATH: frozenset({"cases"}),
    TABLES_PATH: frozenset({"consent"}),
    MERGED_PATH: frozenset({"cases", "consent"}),
}
_COUNTED_BY: Final = frozenset({Split.DOOR}) | ABOUT_PERSONS
_WRONG: Final = (KeyError, ValueError, TypeError, AttributeError)


class GroupsDoor:
    """Who was referred in a period, in which groups people are, and tables by such groups."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(PATH, self._groups, methods=["POST"]),
            Route(REFERRED_PATH, self._referred, methods=["POST"]),
            Route(TABLES_PATH, self._tables, methods=["POST"]),
            Route(MERGED_PATH, self._merged, methods=["POST"]),
        ]

    def _check(self, request: Request) -> None:
        asking = _ASKING[request.url.path]
        token = self._chassis.authenticate(request, asking)
        if token.claims.get("sub") not in {f"service:{each}" for each in asking}:
            raise IdentityTokenError("not the service itself")

    async def _asked(self, request: Request) -> Any:
        """Return what is asked, or the refusal of it."""
        try:
            self._check(request)
        except IdentityTokenError as error:
            return refusal(401, error.code)
        body = await request.body()
        if len(body) > _MAX_BODY_BYTES[request.url.path]:
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

    async def _merged(self, request: Request) -> Response:
        given = await self._asked(request)
        if isinstance(given, Response):
            return given
        try:
            site_id = UUID(given["siteId"])
        except _WRONG:
            return _bad_request()
        async with self._chassis.database.read() as session:
            found = await merged_records(session, site_id)
        return json_response(
            200, {"merged": {str(record): str(person) for record, person in found.items()}}
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
            places = await repository_care.places(session, site_id, people, starts_on, ends_on)
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

    async def _tables(self, request: Request) -> Response:
        given = await self._asked(request)
        if isinstance(given, Response):
            return given
        try:
            asked = _Asked.of(given)
        except _WRONG:
            return _bad_request()
        async with self._chassis.database.read() as session:
            found = await repository.first_referrals(session, asked.site_id, list(asked.people))
        known = {row["participant_id"]: row for row in found}
        observations = [
            Observation(outcomes, _counted_in(known.get(person), on))
            for person, (on, outcomes) in asked.people.items()
        ]
        categories = {
            split: _with_unknown(split) for split in asked.indicators[0].population.splits
        }
        made = tables_of(asked.indicators, observations, categories)
        answer = [
            {"indicator": each.indicator, "split": each.split.value, "shown": each.shown}
            for each in made
            if each.split is not Split.NONE
        ]
        return json_response(200, {"tables": answer})


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom to count, with which outcomes; the indicators are of one population."""

    site_id: UUID
    indicators: list[Indicator]
    people: Mapping[UUID, tuple[date, Mapping[str, str]]]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return what is asked.

        Raises:
            KeyError, ValueError, TypeError, AttributeError: it is not what can be asked.
        """
        splits = tuple(Split(each) for each in given["splits"])
        named = {
            str(key): [str(each) for each in codes] for key, codes in given["indicators"].items()
        }
        if not named or not _COUNTED_BY.issuperset(splits) or len(given["people"]) > MOST_COUNTED:
            raise ValueError("no indicator, a split that is not told, or too many people")
        population = Population("ASKED", "", Grain.QUARTER, splits)
        indicators = [
            Indicator(key, Family.CONSENT, "", population, "", tuple(Outcome(o, "") for o in codes))
            for key, codes in named.items()
        ]
        people = {}
        for who, (on, *outcomes) in given["people"].items():
            of_each = dict(zip(named, outcomes, strict=True))
            if any(code not in named[key] for key, code in of_each.items()):
                raise ValueError("an outcome that is none")
            people[UUID(who)] = date.fromisoformat(on), of_each
        return cls(UUID(given["siteId"]), indicators, people)


def _with_unknown(split: Split) -> list[str]:
    known = rules.PERSON_CATEGORIES[split]
    return known if NOT_KNOWN in known else [*known, NOT_KNOWN]


def _counted_in(row: Mapping[str, Any] | None, on: date) -> dict[Split, str]:
    """Return somebody's groups; whoever was never referred at the site is in none that is known."""
    if row is None:
        return dict.fromkeys(_COUNTED_BY, NOT_KNOWN)
    return {Split.DOOR: row["door"], **rules.of_person(repository.about(row), on)}


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
