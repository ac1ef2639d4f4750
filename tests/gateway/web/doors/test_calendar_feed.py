"""The address of a personal calendar: who is answered what, and that it is written down nowhere."""

import io
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from gateway.calendar_client import CalendarClient, CalendarUnavailableError
from gateway.web.doors import calendar_feed
from gateway.web.doors.calendar_feed import CalendarFeed
from gateway.web.doors.calendar_text import own_calendar_of
from gateway.web.middleware import SecurityHeaders
from infra.calendar_address import new_secret
from infra.telemetry import logs, metrics, traces
from tests.fixtures.service_app import http_server

ENDED = "E" * 43
UNKNOWN = "U" * 43
BROKEN = "B" * 43
AWAY = "A" * 43


def held(**changes: Any) -> dict[str, Any]:
    return {
        "id": "s1", "number": "8020-1", "course": "LEAD: together; a panel, and more",
        "startsAt": "2026-11-02T17:00:00+00:00", "endsAt": "2026-11-02T19:00:00+00:00",
        "zone": "America/Los_Angeles", "mode": "VIRTUAL", "platform": "ZOOM",
        "status": "CONFIRMED", "sequence": 3, "changedAt": "2026-10-01T08:00:00+00:00",
        **changes,
    }  # fmt: skip


class Keeper:
    """Knows what one secret shows."""

    def __init__(self) -> None:
        self.secret = new_secret()
        self.shown = [held()]
        self.asked: list[str] = []

    async def sessions(self, secret: str) -> list[Mapping[str, Any]] | None:
        """Answer as the service does, or fail."""
        self.asked.append(secret)
        if secret == AWAY:
            raise CalendarUnavailableError("nobody says")
        if secret == BROKEN:
            raise RuntimeError(f"broken by {secret}")
        return [*self.shown] if secret == self.secret else None


@asynccontextmanager
async def feed_of(keeper: Keeper, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the door over a socket, as the gateway does."""
    door = CalendarFeed(cast("CalendarClient", keeper))
    app = Starlette(routes=door.routes(), middleware=[Middleware(SecurityHeaders)])
    path = str(folder / "feed.sock")
    async with http_server(app, uds=path):
        transport = httpx2.AsyncHTTPTransport(uds=path)
        async with httpx2.AsyncClient(transport=transport, base_url="http://feed.test") as client:
            yield client


def address(secret: str) -> str:
    return f"/training/calendar/{secret}.ics"


async def test_the_calendar_and_what_stands_around_it(tmp_path: Path) -> None:
    keeper = Keeper()
    async with feed_of(keeper, tmp_path) as client:
        answer = await client.get(address(keeper.secret))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert "private" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        tag = answer.headers["etag"]
        for named in (tag, f'"other", W/{tag}', "*"):
            same = await client.get(address(keeper.secret), headers={"if-none-match": named})
            assert (same.status_code, same.content) == (304, b"")
            assert (same.headers["etag"], "private" in same.headers["cache-control"]) == (tag, True)
        keeper.shown = [held(sequence=4, status="CANCELLED")]
        moved = await client.get(address(keeper.secret), headers={"if-none-match": tag})
        assert moved.status_code == 200
        assert moved.headers["etag"] != tag
        assert "STATUS:CANCELLED" in moved.text


def seen(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    ours = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.content, ours


async def nothing_is_told_apart(keeper: Keeper, folder: Path) -> None:
    async with feed_of(keeper, folder) as client:
        wrong = [ENDED, UNKNOWN, "x", "U" * 42, "U" * 44, "%00", "..%2e", "U" * 42 + "!", "é" * 43]
        answers = [seen(await client.get(address(each))) for each in wrong]
    assert answers[0][0] == 404
    assert [each for each in answers if each != answers[0]] == []
    assert keeper.asked == [ENDED, UNKNOWN]  # what can be no secret is asked of nobody


async def test_unknown_ended_and_malformed_are_answered_alike(tmp_path: Path) -> None:
    await nothing_is_told_apart(Keeper(), tmp_path)


async def test_planted_word_for_what_has_ended_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = CalendarFeed._answer

    async def says_so(self: CalendarFeed, request: Request) -> Response:
        answer = await real(self, request)
        return Response(None, 410) if request.path_params["secret"] == ENDED else answer

    monkeypatch.setattr(CalendarFeed, "_answer", says_so)
    with pytest.raises(AssertionError):
        await nothing_is_told_apart(Keeper(), tmp_path)


async def test_an_address_is_not_looked_at_all_the_time(tmp_path: Path) -> None:
    keeper = Keeper()
    async with feed_of(keeper, tmp_path) as client:
        most = int(calendar_feed.LOOKS.burst)
        taken = [await client.get(address(keeper.secret)) for _ in range(most + 1)]
        assert [each.status_code for each in taken] == [200] * most + [429]
        assert int(taken[-1].headers["retry-after"]) > 0
        assert len(keeper.asked) == most
        assert (await client.get(address(UNKNOWN))).status_code == 404  # others go on
        comers = int(calendar_feed.COMERS.burst)
        guesses = {(await client.get(address("x"))).status_code for _ in range(comers + 200)}
    assert guesses == {404, 429}


async def test_while_nobody_says_it_is_no_404(tmp_path: Path) -> None:
    async with feed_of(Keeper(), tmp_path) as client:
        answer = await client.get(address(AWAY))
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")


def unfolded(text: str) -> list[str]:
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    return text.replace("\r\n ", "").split("\r\n")


def test_times_have_their_zone_and_the_zone_is_described() -> None:
    summer = {"startsAt": "2027-07-01T16:00:00+00:00", "endsAt": "2027-07-01T18:00:00+00:00"}
    lines = unfolded(own_calendar_of([held(), held(id="s2", **summer)]))
    assert "DTSTART;TZID=America/Los_Angeles:20261102T090000" in lines
    assert "DTSTART;TZID=America/Los_Angeles:20270701T090000" in lines
    assert lines.count("BEGIN:VTIMEZONE") == 1
    begins = lines.index("DTSTART:20261101T020000")  # clocks go back, written as they were
    assert lines[begins - 1 : begins + 4] == [
        "BEGIN:STANDARD", "DTSTART:20261101T020000", "TZOFFSETFROM:-0700", "TZOFFSETTO:-0800",
        "TZNAME:PST",
    ]  # fmt: skip
    assert lines[lines.index("DTSTART:20270314T020000") + 2] == "TZOFFSETTO:-0700"


@pytest.mark.parametrize("zone", ["UTC", "Nowhere/Else", "/etc/passwd"])
def test_a_zone_that_is_not_known_leaves_times_in_utc(zone: str) -> None:
    lines = unfolded(own_calendar_of([held(zone=zone)]))
    assert "DTSTART:20261102T170000Z" in lines
    assert "BEGIN:VTIMEZONE" not in lines


def test_an_event_says_course_number_and_kind_and_begins_nothing_else() -> None:
    lines = unfolded(own_calendar_of([held(course="A, b\r\nBEGIN:VALARM\nATTENDEE:x")]))
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    assert not any(line.startswith(("BEGIN:VALARM", "ATTENDEE", "METHOD")) for line in lines)
    for line in (
        "UID:s1@own.training.goldenthread.example", "SEQUENCE:3", "LOCATION:Virtual\\, Zoom",
        "DESCRIPTION:Session 8020-1", "DTSTAMP:20261001T080000Z", "STATUS:CONFIRMED",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H",
    ):  # fmt: skip
        assert line in lines
    assert own_calendar_of([held()]) == own_calendar_of([held()])


def test_a_calendar_without_sessions_is_one() -> None:
    lines = unfolded(own_calendar_of([]))
    assert (lines[0], lines[-2]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")


class Written:
    """Everything that is written down while the door answers, logs by the bridge of a program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._lines = io.StringIO()
        self._spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
        structlog.configure(
            processors=[structlog.processors.KeyValueRenderer()],
            logger_factory=structlog.PrintLoggerFactory(file=self._lines),
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
            cache_logger_on_first_use=False,
        )
        root = logging.getLogger()
        monkeypatch.setattr(root, "handlers", [logs._StandardLibraryBridge()])
        monkeypatch.setattr(root, "level", logging.DEBUG)
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
            server = logging.getLogger(name)  # who else has set it up in this process
            monkeypatch.setattr(server, "handlers", [])
            monkeypatch.setattr(server, "propagate", True)

    def places(self) -> dict[str, str]:
        """Return it by kind."""
        ended = self._spans.get_finished_spans()
        spans = [(each.name, dict(each.attributes or {})) for each in ended]
        assert any(name == "gateway.calendar" for name, _ in spans)
        counted, logged = generate_latest().decode(), self._lines.getvalue()
        assert 'kind="calendar"' in counted
        assert "library_log" in logged  # the web server said something, of what failed
        return {"log": logged, "trace": str(spans), "metric": counted}


async def leaves_no_mark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return where a secret was written, of one that is good and of those that fail."""
    keeper = Keeper()
    written = Written(monkeypatch)
    try:
        async with feed_of(keeper, folder) as client:
            for each in (keeper.secret, keeper.secret, ENDED, BROKEN, AWAY, "x" * 60):
                await client.get(address(each))
            await client.get(address(keeper.secret) + "/more")
            await client.post(address(keeper.secret))
        places = written.places()
    finally:
        structlog.reset_defaults()
    marks = (keeper.secret, ENDED, BROKEN, AWAY, "x" * 60)
    return {name: text for name, text in places.items() if any(each in text for each in marks)}


async def test_a_secret_is_in_no_log_no_trace_and_no_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await leaves_no_mark(tmp_path, monkeypatch) == {}


def _logged(request: Request) -> None:
    structlog.get_logger("x").warning("asked", path_template=request.url.path)


def _traced(request: Request) -> None:
    with traces.span(f"GET {request.url.path}"):
        pass


def _counted(request: Request) -> None:
    metrics.REQUESTS.labels("gateway", request.url.path, "200").inc()


@pytest.mark.parametrize(
    ("kind", "write"), [("log", _logged), ("trace", _traced), ("metric", _counted)]
)
async def test_planted_line_with_the_path_is_caught(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    write: Callable[[Request], None],
) -> None:
    real = CalendarFeed._answer

    async def writes(self: CalendarFeed, request: Request) -> Response:
        write(request)
        return await real(self, request)

    monkeypatch.setattr(CalendarFeed, "_answer", writes)
    try:
        assert set(await leaves_no_mark(tmp_path, monkeypatch)) == {kind}
    finally:
        for labels in [*metrics.REQUESTS._metrics]:
            if labels[1].startswith("/training/calendar/"):
                metrics.REQUESTS.remove(*labels)
