"""Who is counted, and in which groups, asked of the service that knows people.

A table of cases is split by door, race, age or who pays, and counts everybody who was referred; the
service of cases knows none of that. Its publisher asks ``svc_participants`` who was first referred
in a period, and for the groups of those whom it is counting, keeps both for as long as it counts,
and stores suppressed tables only (decision record 0017). The service of consent does not even hear
of groups: it tells what it counts of each person, and is answered with suppressed tables (0020).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import orjson

from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter
from infra.indicators.counting import ShownTable
from infra.indicators.definitions import Categories, Indicator, Split

PATH = "/internal/figures/groups"
REFERRED_PATH = "/internal/figures/referred"
TABLES_PATH = "/internal/figures/tables"
MERGED_PATH = "/internal/figures/merged"
AUDIENCE = "participants"
MOST_PEOPLE = 5_000
"""People of one question, or of one answer."""
MOST_COUNTED = 20_000
"""People of one table that is counted there: a table is suppressed as a whole, or not at all."""
_TIMEOUT_SECONDS = 20.0


class GroupsError(GoldenThreadError):
    """The service of people did not tell the groups; the period is counted at a later look."""

    code = "SERVICE_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Groups:
    """All categories of each split at a site, and the category of each person who was asked for."""

    categories: Categories
    people: Mapping[UUID, Mapping[Split, str]]


class MergedRecords(Protocol):
    """Who tells which records are of one person."""

    async def merged(self, site_id: UUID) -> Mapping[UUID, UUID]:
        """Return the records at a site that are merged into another one, with that one."""


class GroupsOfPeople(MergedRecords, Protocol):
    """Who tells the groups of people."""

    async def of(
        self, site_id: UUID, days: Mapping[UUID, date], starts_on: date, ends_on: date
    ) -> Groups:
        """Return the groups of people at a site.

        Args:
            site_id: the site at which they are counted.
            days: by participant, the day on which their age is reckoned.
            starts_on: first day of the time in which a programme counts.
            ends_on: last day of it.
        """

    async def referred(self, site_id: UUID, starts_on: date, ends_on: date) -> Mapping[UUID, date]:
        """Return whose first referral at a site lies in a period, with its day there."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a table counts of one person: the outcome by indicator, and the day of the age."""

    on: date
    outcomes: Mapping[str, str]


class TablesOfGroups(MergedRecords, Protocol):
    """Who counts people by groups that the asking service does not know."""

    async def tables(
        self,
        site_id: UUID,
        indicators: Sequence[Indicator],
        splits: Collection[Split],
        people: Mapping[UUID, Counted],
    ) -> list[ShownTable]:
        """Return the suppressed table of each indicator by each split.

        Args:
            site_id: the site at which people are counted.
            indicators: all of one population, so that they are suppressed together.
            splits: by what; nothing else is told.
            people: everybody of the population, once.
        """


class RemoteGroups:
    """Groups as ``svc_participants`` tells them, over its internal door."""

    def __init__(self, address: str, minter: TokenMinter) -> None:
        self._client = HttpClient(address, max_connections=2)
        self._minter = minter

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def of(
        self, site_id: UUID, days: Mapping[UUID, date], starts_on: date, ends_on: date
    ) -> Groups:
        """Return the groups of people; see ``GroupsOfPeople``.

        Raises:
            GroupsError: the service could not be reached, or did not answer as it should.
        """
        categories: dict[Split, Sequence[str]] = {}
        people: dict[UUID, Mapping[Split, str]] = {}
        everybody = list(days.items())
        # Also where there is nobody to ask about: the categories alone.
        for start in range(0, max(1, len(everybody)), MOST_PEOPLE):
            part = everybody[start : start + MOST_PEOPLE]
            asked = {
                "siteId": str(site_id),
                "startsOn": starts_on.isoformat(),
                "endsOn": ends_on.isoformat(),
                "days": {str(person): day.isoformat() for person, day in part},
            }
            answer = await self._post(PATH, asked)
            try:
                categories = {Split(key): list(of) for key, of in answer["categories"].items()}
                people |= {
                    UUID(person): {Split(key): str(value) for key, value in groups.items()}
                    for person, groups in answer["people"].items()
                }
            except (KeyError, ValueError, AttributeError, TypeError) as error:
                raise GroupsError("the service of people answered in another form") from error
        return Groups(categories, people)

    async def referred(self, site_id: UUID, starts_on: date, ends_on: date) -> Mapping[UUID, date]:
        """Return whose first referral lies in a period; see ``GroupsOfPeople``.

        Raises:
            GroupsError: the service could not be reached, or did not answer as it should.
        """
        days: dict[UUID, date] = {}
        asked = {
            "siteId": str(site_id),
            "startsOn": starts_on.isoformat(),
            "endsOn": ends_on.isoformat(),
        }
        while True:
            answer = await self._post(REFERRED_PATH, asked)
            try:
                part = {UUID(who): date.fromisoformat(day) for who, day in answer["days"].items()}
            except (KeyError, ValueError, AttributeError, TypeError) as error:
                raise GroupsError("the service of people answered in another form") from error
            days |= part
            if len(part) < MOST_PEOPLE:
                return days
            asked["after"] = str(max(part))

    async def merged(self, site_id: UUID) -> Mapping[UUID, UUID]:
        """Return the records that are merged into another one; see ``MergedRecords``.

        Raises:
            GroupsError: the service could not be reached, or did not answer as it should.
        """
        answer = await self._post(MERGED_PATH, {"siteId": str(site_id)})
        try:
            return {UUID(record): UUID(person) for record, person in answer["merged"].items()}
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise GroupsError("the service of people answered in another form") from error

    async def tables(
        self,
        site_id: UUID,
        indicators: Sequence[Indicator],
        splits: Collection[Split],
        people: Mapping[UUID, Counted],
    ) -> list[ShownTable]:
        """Return suppressed tables; see ``TablesOfGroups``.

        Raises:
            GroupsError: too many people for one table, the service could not be reached, or did
                not answer as it should.
        """
        if len(people) > MOST_COUNTED:
            raise GroupsError("more people than one table is counted of")
        asked = {
            "siteId": str(site_id),
            "indicators": {each.key: each.codes for each in indicators},
            "splits": [each.value for each in splits],
            "people": {
                str(person): [of.on.isoformat(), *(of.outcomes[each.key] for each in indicators)]
                for person, of in people.items()
            },
        }
        answer = await self._post(TABLES_PATH, asked)
        try:
            made = [
                ShownTable(str(each["indicator"]), Split(each["split"]), dict(each["shown"]))
                for each in answer["tables"]
            ]
        except (KeyError, ValueError, TypeError) as error:
            raise GroupsError("the service of people answered in another form") from error
        told = [(each.indicator, each.split) for each in made]
        wanted = {(each.key, split) for each in indicators for split in splits}
        if set(told) != wanted or len(told) != len(wanted):
            raise GroupsError("the service of people told of other tables")
        return made

    async def _post(self, path: str, asked: Mapping[str, object]) -> dict[str, Any]:
        headers = {
            "authorization": f"Bearer {self._minter.for_service(AUDIENCE)}",
            "content-type": "application/json",
        }
        try:
            response = await self._client.request(
                "POST", path, headers, orjson.dumps(asked), timeout_seconds=_TIMEOUT_SECONDS
            )
        except HttpClientError as error:
            raise GroupsError("the service of people cannot be reached") from error
        if response.status != 200:
            raise GroupsError(f"the service of people answered {response.status}")
        found: dict[str, Any] = orjson.loads(response.body)
        return found
