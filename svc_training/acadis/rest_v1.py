"""Adapter for a REST interface of the provider, version 1 of our contract.

``POST {token_path}`` (OAuth 2.0 client credentials, RFC 6749 4.4), then:

- ``GET /changes?since=CURSOR``, ``GET /courses?number=``, ``GET /sessions?course=&from=``,
  ``GET /sessions/{number}/roster``
- ``POST /sessions/{number}/enrollments``: a place for a person
- ``DELETE /sessions/{number}/enrollments/{person}``: the place is given up
- ``POST /events``: training completed elsewhere

A 429, a 5xx, a broken connection and an answer that takes too long are tried again with growing
pauses, `MAX_TRIES` times in all; ``Retry-After`` lengthens a pause up to `MAX_PAUSE_SECONDS`.
Every request is idempotent (enrolments and events by their key), so a repetition is harmless. A
404 counts as an answer to a cancellation or about a roster only with the word that the contract
has for it: a wrong address must not look like nobody enrolled. Addresses, bodies and tokens never
appear in an error.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from infra import clock
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError, HttpResponse
from infra.settings import Secret
from svc_training.acadis.provider import (
    CancelAnswer,
    Cancelled,
    Change,
    Changes,
    EnrollmentAnswer,
    Event,
    EventAnswer,
)
from svc_training.acadis.rules import COLUMNS

MAX_TRIES = 6
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 30.0
TIMEOUT_SECONDS = 20.0
_EARLY_SECONDS = 30
_OK, _CREATED, _ACCEPTED, _UNAUTHORIZED, _CONFLICT, _UNPROCESSABLE = 200, 201, 202, 401, 409, 422
_NO_CONTENT, _NOT_FOUND, _TOO_MANY = 204, 404, 429

Sleep = Callable[[float], Awaitable[None]]


class ProviderError(GoldenThreadError):
    """The provider could not be asked, or answered what the contract does not know."""

    code = "PROVIDER_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class RestSettings:
    """Where the provider is and who we are to it."""

    address: str
    client_id: str
    client_secret: Secret
    token_path: str = "/oauth2/token"  # noqa: S105 - a path
    base_path: str = ""
    timeout_seconds: float = TIMEOUT_SECONDS


class RestV1:
    """A provider that is asked over HTTP."""

    def __init__(
        self, settings: RestSettings, client: HttpClient, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._client = client
        self._sleep = sleep
        self._token: str | None = None
        self._token_until = 0.0

    async def changes_since(self, cursor: str | None) -> Changes:
        """Return what has changed since a cursor.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        path = "/changes" + (f"?{urlencode({'since': cursor})}" if cursor is not None else "")
        body = _object(await self._call("GET", path))
        try:
            changes = [_change(each) for each in body["changes"]]
            return Changes(changes, str(body["cursor"]), bool(body["hasMore"]))
        except (KeyError, TypeError, AttributeError):
            raise ProviderError("the changes are not of the agreed form") from None

    async def enroll(
        self, person: str, session_number: str, requested_by: str, key: str
    ) -> EnrollmentAnswer:
        """Ask that a person be enrolled; the same key asks once.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        body = {"personExternalId": person, "requestedBy": requested_by, "idempotencyKey": key}
        path = f"/sessions/{quote(session_number, safe='')}/enrollments"
        response = await self._call("POST", path, body)
        answers = {
            _CREATED: EnrollmentAnswer.REGISTERED,
            _OK: EnrollmentAnswer.REGISTERED,
            _ACCEPTED: EnrollmentAnswer.WAITLISTED,
            _CONFLICT: EnrollmentAnswer.ALREADY_ENROLLED,
            _UNPROCESSABLE: EnrollmentAnswer.PREREQ_UNMET,
            _NOT_FOUND: EnrollmentAnswer.UNKNOWN,
        }
        if response.status not in answers:
            raise ProviderError(f"the provider answered {response.status}")
        return answers[response.status]

    async def cancel(self, person: str, session_number: str) -> Cancelled:
        """Ask that a person's place be given up; who has none is no error.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        path = f"/sessions/{quote(session_number, safe='')}/enrollments/{quote(person, safe='')}"
        response = await self._call("DELETE", path)
        word = _word(response)
        if response.status in (_OK, _NO_CONTENT):
            is_late = word == CancelAnswer.LATE_CANCELLED
            answer = CancelAnswer.LATE_CANCELLED if is_late else CancelAnswer.CANCELLED
            return Cancelled(answer, answer.value)
        if response.status == _NOT_FOUND and word == CancelAnswer.NOT_ENROLLED:
            return Cancelled(CancelAnswer.NOT_ENROLLED, word)
        if response.status == _CONFLICT:
            return Cancelled(CancelAnswer.REFUSED, word[:40] or CancelAnswer.REFUSED.value)
        raise ProviderError(f"the provider answered {response.status}")

    async def report(self, event: Event, requested_by: str, key: str) -> EventAnswer:
        """Report training completed elsewhere, for approval; the same key reports once.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        body = {
            "title": event.title,
            "description": event.description,
            "courseNumber": event.course_number,
            "startsOn": event.starts_on.isoformat(),
            "endsOn": event.ends_on.isoformat(),
            "trainingCategory": event.category,
            "hours": float(event.hours),
            "instructionProvider": event.instruction_provider,
            "personExternalIds": list(event.people),
            "requestedBy": requested_by,
            "idempotencyKey": key,
        }
        response = await self._call("POST", "/events", body)
        answers = {
            _CREATED: EventAnswer.SUBMITTED_FOR_APPROVAL,
            _OK: EventAnswer.SUBMITTED_FOR_APPROVAL,
            _CONFLICT: EventAnswer.ALREADY_REPORTED,
            _UNPROCESSABLE: EventAnswer.REFUSED,
        }
        if response.status not in answers:
            raise ProviderError(f"the provider answered {response.status}")
        return answers[response.status]

    async def courses(self, number: str) -> Sequence[Change]:
        """Return the courses of a number: one or none.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        path = f"/courses?{urlencode({'number': number})}"
        return _rows(await self._call("GET", path), "courses")

    async def sessions(self, course_number: str, since: date) -> Sequence[Change]:
        """Return a course's sessions that begin on a day or later.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        asked = urlencode({"course": course_number, "from": since.isoformat()})
        return _rows(await self._call("GET", f"/sessions?{asked}"), "sessions")

    async def roster(self, session_number: str) -> Sequence[Change] | None:
        """Return who is on a session's roster, as assignment rows; None for no such session.

        Raises:
            ProviderError: no answer, or one that the contract does not know.
        """
        path = f"/sessions/{quote(session_number, safe='')}/roster"
        response = await self._call("GET", path)
        if response.status == _NOT_FOUND and _word(response) == "NO_SESSION":
            return None
        return _rows(response, "assignments")

    async def _call(self, method: str, path: str, body: object = None) -> HttpResponse:
        is_renewed = False
        for attempt in range(MAX_TRIES):
            token = await self._access_token()
            headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
            content = b""
            if body is not None:
                headers["content-type"] = "application/json"
                content = orjson.dumps(body)
            response = await self._try(method, self._settings.base_path + path, headers, content)
            if response is not None and response.status == _UNAUTHORIZED and not is_renewed:
                is_renewed = True  # the token was taken back before its time: once more, at once
                self._token = None
                continue
            if response is not None and not _is_passing(response.status):
                return response
            await self._pause(attempt, response)
        raise ProviderError("the provider does not answer; tried again and again")

    async def _try(
        self, method: str, path: str, headers: dict[str, str], content: bytes
    ) -> HttpResponse | None:
        try:
            return await self._client.request(
                method, path, headers, content, timeout_seconds=self._settings.timeout_seconds
            )
        except HttpClientError:
            return None

    async def _pause(self, attempt: int, response: HttpResponse | None) -> None:
        if attempt + 1 == MAX_TRIES:
            return  # nothing is tried after it
        longest = min(FIRST_PAUSE_SECONDS * 2**attempt, MAX_PAUSE_SECONDS)
        pause = longest * (0.5 + random.random() / 2)  # noqa: S311 - spreads the load, no secret
        if response is not None:
            asked = _retry_after(response.headers.get("retry-after", ""))
            pause = max(pause, min(asked, MAX_PAUSE_SECONDS))
        await self._sleep(pause)

    async def _access_token(self) -> str:
        if self._token is not None and clock.monotonic() < self._token_until:
            return self._token
        form = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": self._settings.client_id,
                "client_secret": self._settings.client_secret.reveal(),
            }
        ).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        for attempt in range(MAX_TRIES):
            response = await self._try("POST", self._settings.token_path, headers, form)
            if response is not None and not _is_passing(response.status):
                break
            await self._pause(attempt, response)
        else:
            raise ProviderError("the provider gives no token; tried again and again")
        if response.status != _OK:
            raise ProviderError("the provider refuses our client")
        body = _object(response)
        if not isinstance(body.get("access_token"), str):
            raise ProviderError("the provider's token is not of the agreed form")
        lifetime = body.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float) else 60.0
        self._token = str(body["access_token"])
        self._token_until = clock.monotonic() + max(0.0, seconds - _EARLY_SECONDS)
        return self._token


def _is_passing(status: int) -> bool:
    return status == _TOO_MANY or status >= 500


def _retry_after(text: str) -> float:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 10.2.3); 0 for none."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        return max(0.0, (until - clock.now()).total_seconds())
    except (TypeError, ValueError):  # also a date without a zone
        return 0.0


def _word(response: HttpResponse) -> str:
    """Return the status that a body names, or nothing."""
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return ""
    word = body.get("status") if isinstance(body, dict) else None
    return word if isinstance(word, str) else ""


def _rows(response: HttpResponse, kind: str) -> list[Change]:
    body = _object(response)
    try:
        return [_change({"kind": kind, "row": row}) for row in body["rows"]]
    except (KeyError, TypeError, AttributeError):
        raise ProviderError("the rows are not of the agreed form") from None


def _object(response: HttpResponse) -> dict[str, Any]:
    if response.status != _OK:
        raise ProviderError(f"the provider answered {response.status}")
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise ProviderError("the provider's answer is not of the agreed form")
    return body


def _change(given: dict[str, Any]) -> Change:
    file, row = str(given["kind"]) + ".csv", given["row"]
    columns = COLUMNS[file]
    extra = set(row) - set(columns)
    if extra:  # nothing that is not on the list comes in by accident
        raise KeyError(file)
    return Change(file, {column: str(row.get(column) or "") for column in columns})
