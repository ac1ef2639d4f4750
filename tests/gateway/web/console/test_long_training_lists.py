"""Pages of training where a list is longer than a page: what comes, who is found, who is marked.

The committed operations run against the packaged supergraph, over lists that are held here and
given page by page as the service does. Twins run with the bug planted in an operation.
"""

import io
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import pytest
from graphql import ExecutionResult, GraphQLSchema, execute_sync, parse
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from gateway.policy.packaged import packaged_supergraph
from gateway.web.console.asking import Reply
from gateway.web.console.assets import Assets
from gateway.web.console.documents import load_documents
from gateway.web.console.render import Pages
from gateway.web.console.session import Session, Standing
from gateway.web.console.views import home, results, roster, training
from gateway.web.console.visit import Visit
from infra import clock
from svc_training.assignments.rules import ENDED, MAX_PEOPLE
from tests.gateway.web.console.test_session import settings_of

Row = dict[str, Any]
Handler = Callable[[Visit], Awaitable[Response]]
NOW = clock.now()
DAY = timedelta(days=1)


@cache
def schema() -> GraphQLSchema:
    return packaged_supergraph().api_schema


def course_of(number: int) -> Row:
    return {
        "id": f"c{number}", "number": str(number), "title": f"Course {number}", "audience": [],
        "description": "", "authority": [], "registrationText": None, "contact": None,
        "trainingCategory": None, "validityMonths": None, "isActive": True,
    }  # fmt: skip


def session_of(number: str, starts_at: datetime, hours: float = 2) -> Row:
    return {
        "number": number, "title": f"Held {number}", "course": course_of(int(number.split("-")[0])),
        "startsAt": starts_at.isoformat(), "hours": hours, "status": "OPEN", "timeZone": "UTC",
        "endsAt": (starts_at + timedelta(hours=hours)).isoformat(), "isTimeZoneAssumed": False,
        "location": {"mode": "VIRTUAL", "platform": None, "raw": None},
    }  # fmt: skip


def person_of(number: int, name: str = "", email: str = "") -> Row:
    return {
        "id": f"p{number}", "name": name or f"Given Family{number:03}", "email": email or None,
        "appointmentType": "CIVILIAN", "isCertified": False, "externalId": f"X{number}",
        "accountId": f"account-{number}", "isActive": True,
    }  # fmt: skip


def assignment_of(person: Row, status: str = "ASSIGNED") -> Row:
    return {
        "id": f"a-{person['id']}-{status}", "status": status, "dueOn": None, "category": "LEAD",
        "assignedAt": NOW.isoformat(), "version": 1, "personnel": person,
    }  # fmt: skip


def record_of(person: Row) -> Row:
    return {
        "id": f"r-{person['id']}", "attendance": "PRESENT", "outcome": "COMPLETED", "score": None,
        "hoursCredited": 4, "certificateNumber": f"N-{person['id']}", "expiresOn": None,
        "source": "OURS", "personnel": person,
    }  # fmt: skip


def page_of(rows: Sequence[Row], first: int = 25, after: str | None = None) -> Row:
    begin = int(after or 0)
    end = begin + first
    return {
        "edges": [{"node": each} for each in rows[begin:end]],
        "pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(end)},
        "totalCount": len(rows),
    }


class Service:
    """Answers the committed operations from lists, narrowed and cut as the service does it.

    Operations named in ``planted`` run changed.
    """

    def __init__(self, **planted: Callable[[str], str]) -> None:
        self.sessions: list[Row] = []
        self.courses: list[Row] = []
        self.people: list[Row] = []
        self.assigned: list[Row] = []
        self.records: list[Row] = []
        self.asked: list[str] = []
        self.imported: list[str] = []
        self.accounts: list[Row] = []
        self._documents = dict(load_documents())
        for name, change in planted.items():
            changed = change(self._documents[name])
            assert changed != self._documents[name]
            self._documents[name] = changed

    async def run(
        self, _session: Session, name: str, variables: Mapping[str, Any] | None, **_how: Any
    ) -> Reply:
        self.asked.append(name)
        document = parse(self._documents[name])
        ran = execute_sync(schema(), document, self.root(), variable_values=dict(variables or {}))
        assert isinstance(ran, ExecutionResult)
        assert ran.errors is None
        return Reply(ran.data or {}, frozenset(), cast("Any", None))

    def root(self) -> dict[str, Any]:
        """Return what answers each root field."""
        return {
            "sessions": self._sessions,
            "courses": lambda _info, **page: page_of(self.courses, **page),
            "course": lambda _info, number: course_of(int(number)),
            "session": lambda _info, number: session_of(number, NOW - DAY),
            "personnel": self._personnel,
            "colleagues": lambda _info, **page: page_of(self.accounts, **page),
            "roster": self._roster,
            "trainingRecords": self._training_records,
            "importCoursePage": self._import,
        }

    def _sessions(self, _info: Any, **asked: Any) -> Row:
        of_course, since = asked.pop("courseNumber", None), asked.pop("since", None)
        rows = [
            row
            for row in sorted(self.sessions, key=lambda each: str(each["startsAt"]))
            if (of_course is None or row["course"]["number"] == of_course)
            and (since is None or row["startsAt"] >= str(since))
        ]
        return page_of(rows, **asked)

    def _personnel(self, _info: Any, search: str | None = None, **page: Any) -> Row:
        def has(row: Row, word: str) -> bool:
            parts = (row["name"], row["email"], row["externalId"])
            return any(word in (part or "").casefold() for part in parts)

        asked = (search or "").casefold().split()
        return page_of(
            [row for row in self.people if all(has(row, word) for word in asked)], **page
        )

    def _roster(self, _info: Any, **asked: Any) -> Row:
        del asked["sessionNumber"]
        ids = asked.pop("personnelIds", None)
        assert ids is None or len(ids) <= 100
        rows = [row for row in self.assigned if ids is None or row["personnel"]["id"] in ids]
        return page_of(rows, **asked)

    def _training_records(self, _info: Any, **asked: Any) -> Row:
        del asked["sessionNumber"], asked["personnelId"]
        return page_of(self.records, **asked)

    def _import(self, _info: Any, input: Row) -> Row:  # noqa: A002 - the argument's name
        self.imported.append(input["text"])
        return {
            "course": None, "outcome": None, "sessions": [], "rowErrors": [], "userErrors": []
        }  # fmt: skip


async def shown(
    service: Service,
    handler: Handler,
    *,
    query: str = "",
    number: str = "",
    id_: str = "",
    form: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
    role: str = "TRM",
) -> str:
    """Return the page that a handler makes of a visit."""
    scope: Row = {
        "type": "http", "method": "GET" if form is None else "POST", "path": "/console/x",
        "query_string": query.encode(), "headers": [],
        "path_params": {"number": number, "id": id_, "key": id_, "grant": id_},
    }  # fmt: skip
    standing = Standing("g", role, "agency", "Cedar Falls Police", "Cedar Falls", "UTC")
    visit = Visit(
        request=Request(scope),
        session=Session("s", "Ann", "en", "t", 0, None, None, 0, 0, "ann", None, standing),
        standing=standing,
        form=FormData(form if isinstance(form, Mapping) else list(form or ())),
        client=cast("Any", service),
        pages=Pages(settings_of(), Assets(), "https://issuer.example"),
        form_token="token",
        is_development=False,
    )
    response = await handler(visit)
    return bytes(response.body).decode()


def without(argument: str) -> Callable[[str], str]:
    """Plant the bug: an operation that leaves an argument out."""
    return lambda document: document.replace(f"{argument}: ${argument}, ", "")


def with_past(service: Service) -> Service:
    service.sessions = [session_of(f"9101-{n}", NOW - n * DAY) for n in range(10, 160)]
    service.sessions += [session_of("9101-7", NOW + DAY), session_of("9102-8", NOW + 2 * DAY)]
    return service


@pytest.mark.parametrize(("role", "name"), [("TRM", "TrainingHome"), ("LEO", "StaffHome")])
async def test_home_shows_what_comes_after_many_sessions_that_are_over(
    role: str, name: str
) -> None:
    page = await shown(with_past(Service()), home.show, role=role)
    assert "9101-7" in page
    assert "9102-8" in page
    assert "9101-10" not in page
    planted = await shown(with_past(Service(**{name: without("since")})), home.show, role=role)
    assert "9101-7" not in planted
    assert "No session is planned" in planted


async def test_home_reads_on_where_the_last_days_fill_a_page() -> None:
    service = Service()
    service.sessions = [session_of(f"9101-{n}", NOW - DAY - n * DAY / 100) for n in range(1, 250)]
    service.sessions += [session_of("9101-900", NOW - DAY, hours=72)]
    service.sessions += [session_of(f"9102-{n}", NOW + n * DAY) for n in range(1, 9)]
    page = await shown(service, home.show)
    assert "<b>9</b><span>sessions to come" in page
    found = re.findall(r"sessions/(91[0-9-]+)", page)
    assert found == ["9101-900", *(f"9102-{n}" for n in range(1, 6))]
    assert service.asked == ["TrainingHome", "ComingSessions", "ComingSessions"]


async def test_every_course_is_in_the_catalogue_with_its_dates() -> None:
    service = with_past(Service())
    service.courses = [course_of(number) for number in range(9000, 9130)]
    service.sessions += [session_of(f"9129-{n}", NOW + n * DAY) for n in range(3, 130)]
    page = await shown(service, training.courses)
    assert "130 courses" in page
    assert "Session 9101-7" in page
    assert "Session 9129-129" in page
    assert "Session 9101-10" not in page
    found = await shown(service, training.courses, query="q=9129")
    assert "1 course answers" in found


async def test_the_past_is_not_read_to_find_what_comes() -> None:
    """Its twin reads all of it."""
    for service, pages in ((Service(), 1), (Service(ComingSessions=without("since")), 2)):
        with_past(service).courses = [course_of(9101)]
        assert "Session 9101-7" in await shown(service, training.courses)
        assert service.asked.count("ComingSessions") == pages


async def test_a_course_shows_all_its_sessions() -> None:
    service = Service()
    service.sessions = [session_of(f"9101-{n}", NOW - (300 - n) * DAY) for n in range(1, 401)]
    page = await shown(service, training.course, number="9101")
    found = re.findall(r"sessions/(9101-[0-9]+)", page)
    assert len(found) == len(set(found)) == 400


def with_people(service: Service | None = None) -> Service:
    service = service or Service()
    service.people = [person_of(n) for n in range(250)]
    service.people += [
        person_of(900, "Zoë Quillfeather", "zq@example.org"),
        person_of(901, "Abraham Underwood"),
    ]
    return service


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("quillf", "Quillfeather"), ("zq%40example", "Quillfeather"), ("X900", "Quillfeather"),
        ("zoe quilfeather", "Quillfeather"), ("abrahem underwod", "Underwood"),
    ],
)  # fmt: skip
async def test_somebody_on_a_later_page_is_found_also_with_a_slip(query: str, name: str) -> None:
    service = with_people()
    page = await shown(service, roster.people, query=f"q={query}")
    assert name in page
    assert "Nobody answers" not in page
    assert "252 people of Cedar Falls Police" in page
    assert len(service.asked) <= 4
    page = await shown(service, roster.assign, query=f"q={query}", number="9101-7")
    assert name in page


async def test_a_search_that_does_not_reach_the_service_finds_nobody_there() -> None:
    """Planted twin: one page is searched, and somebody of the third is nobody."""
    service = with_people(Service(Roster=without("search")))
    page = await shown(service, roster.people, query="q=quillf")
    assert "Quillfeather" not in page


async def test_what_many_answer_is_turned_over_with_the_question() -> None:
    service = with_people()
    page = await shown(service, roster.people, query="q=family")
    assert "250 people answer" in page
    assert "after=100&amp;q=family" in page
    page = await shown(service, roster.people, query="q=family&after=200")
    assert "Family249" in page
    assert "Next page" not in page
    page = await shown(service, roster.people, query="q=nobodyatall")
    assert "Nobody answers" in page


async def test_who_is_on_a_session_is_marked_on_every_page() -> None:
    service = with_people()
    service.assigned = [assignment_of(each) for each in service.people[:200]]
    service.assigned += [assignment_of(service.people[150], "CANCELLED")]
    service.assigned += [assignment_of(service.people[230], "CANCELLED")]

    async def disabled(query: str) -> set[str]:
        page = await shown(service, roster.assign, query=query, number="9101-7")
        assert "The whole agency, all 252 people" in page
        return set(re.findall(r'value="(p[0-9]+)"[^>]* disabled', page))

    assert await disabled("after=100") == {f"p{n}" for n in range(100, 200)}
    assert await disabled("after=200") == set()
    assert await disabled("q=family19") == {f"p{n}" for n in range(190, 200)}


@pytest.mark.parametrize("people", [roster.MAX_AT_ONCE, roster.MAX_AT_ONCE + 1])
async def test_a_roster_that_one_action_does_not_take_is_assigned_page_by_page(people: int) -> None:
    service = Service()
    service.people = [person_of(n) for n in range(people)]
    page = await shown(service, roster.assign, query="after=100", number="9101-7")
    fits = people <= MAX_PEOPLE
    assert ('name="whole"' in page) is fits
    said = "The roster has 1,001 people, and at most 1,000 are assigned in one action."
    assert (said in page) is not fits
    assert 'name="next" value="200"' in page


def test_as_many_are_assigned_at_once_as_the_service_takes() -> None:
    assert roster.MAX_AT_ONCE == MAX_PEOPLE


async def test_who_has_assigned_a_page_of_people_goes_on_from_it() -> None:
    desk = AssigningDesk()
    form = [("people", "p150"), ("people", "p151"), ("category", "LEAD")]
    form += [("after", "100"), ("q", "fam")]
    page = await shown(desk, roster.assign, number="9101-7", form=form)
    assert "2 of 2 assigned" in page
    assert 'sessions/9101-7/assign?q=fam&amp;after=100">Assign others' in page


async def test_a_form_that_is_refused_shows_the_page_that_it_was_on() -> None:
    service = with_people()
    form = {"people": "p150", "category": "", "after": "100"}
    page = await shown(service, roster.assign, number="9101-7", form=form)
    assert 'name="after" value="100"' in page
    assert 'value="p150" checked' in page


def test_who_may_be_assigned_once_more_is_what_the_service_says() -> None:
    assert {each.value for each in ENDED} == roster.FREE_AGAIN


async def test_counts_of_a_page_are_not_those_of_the_whole() -> None:
    service = with_people()
    service.assigned = [assignment_of(each) for each in service.people[:130]]
    page = await shown(service, training.session, number="9101-7")
    assert "130 in all; of the 100 listed here · 100 assigned" in page
    page = await shown(service, training.session, query="after=100", number="9101-7")
    assert "130 in all; of the 30 listed here · 30 assigned" in page
    service.assigned = service.assigned[:20]
    page = await shown(service, training.session, number="9101-7")
    assert "20 in all · 20 assigned" in page


async def test_results_stand_beside_the_people_of_every_page() -> None:
    """Its twin reads the first page of what is recorded, again and again."""

    def first_page(document: str) -> str:
        return document.replace(", after: $after", "")

    for service, recorded in ((Service(), 50), (Service(SessionRecords=first_page), 0)):
        people = with_people(service).people[:150]
        service.assigned = [assignment_of(each) for each in people]
        service.records = [record_of(each) for each in people]
        page = await shown(service, results.record, query="after=100", number="9101-7")
        assert len(re.findall("certificate N-p1[0-4][0-9]<", page)) == recorded


class AssigningDesk(Service):
    """Assigns whomever it is asked to."""

    def root(self) -> dict[str, Any]:
        return super().root() | {"assignSession": self._assign}

    def _assign(self, _info: Any, input: Row) -> Row:  # noqa: A002 - the argument's name
        outcomes = [
            {
                "personnelId": each, "outcome": "ASSIGNED",
                "assignment": {**assignment_of(person_of(int(each[1:]))), "version": 1},
            }
            for each in input["personnelIds"]
        ]  # fmt: skip
        return {"outcomes": outcomes, "userErrors": []}


def upload_of(content: bytes) -> UploadFile:
    file = io.BytesIO(content)
    return UploadFile(file, size=len(content), filename="page.txt", headers=Headers())


async def test_a_course_page_that_is_too_large_is_not_cut_but_refused() -> None:
    service, most = Service(), roster.MAX_PAGE_BYTES
    page = await shown(service, roster.import_page, form={"file": upload_of(b"x" * (most + 1))})
    assert re.search('id="e-file">This is too large: .* at most 131,072 bytes', page)
    page = await shown(service, roster.import_page, form={"text": "ñ" * (most // 2 + 1)})
    assert re.search('id="e-text">This is too large', page)
    assert service.imported == []


async def test_a_course_page_that_is_not_too_large_arrives_whole() -> None:
    service, most = Service(), roster.MAX_PAGE_BYTES
    await shown(service, roster.import_page, form={"file": upload_of(b"x" * most)})
    await shown(service, roster.import_page, form={"text": ("y" * 61 + "\r\n") * (most // 62)})
    assert [len(each) for each in service.imported] == [most, most // 62 * 62 - 1]
