"""One person's session, sealed into a cookie, and the rules that end it.

The access token never reaches the browser in the clear. ``__Host-`` cookies need TLS; development
on plain loopback uses a cookie without the prefix, with the port in its name, because cookies do
not tell ports apart. A session ends after 30 idle minutes, after eight hours in any case, and when
the person signs out here or at the issuer; a copy of its cookie is refused at every gateway from
then on.
"""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.settings import ConsoleSettings
from gateway.web.console.ended import EndedSessions, ended_names, session_names
from gateway.web.console.sealing import Seal
from gateway.web.console.shared_ends import SharedEnds
from infra import clock
from infra.errors import GoldenThreadError

IDLE_SECONDS: Final = 30 * 60
ABSOLUTE_SECONDS: Final = 8 * 3600
TOUCH_SECONDS: Final = 60
"""How stale ``seen_at`` may grow before the cookie is written again."""
MAX_COOKIE_CHARACTERS: Final = 3800


class SessionTooLargeError(GoldenThreadError):
    """The issuer's tokens do not fit into a cookie."""

    code = "SESSION_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a page says about who somebody acts as.

    Attributes:
        role: code of the role.
        grant_id: sent as ``Acting-Grant``.
        agency: name, empty for a person's own record.
        site: name.
        time_zone: IANA name; pages show times in it.
    """

    grant_id: str
    role: str
    agency_id: str
    agency: str
    site: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, with the tokens that say so.

    Attributes:
        id: random; also binds form tokens.
        access_ends_at, started_at, seen_at: seconds since the epoch.
        id_token: names the session to the issuer at sign-out; absent where it does not fit.
        subject: the issuer's id of the person.
        sid: the issuer's name of the session, where it gives one.
        standing: None until the person's grant is known.
    """

    id: str
    name: str
    language: str
    access_token: str
    access_ends_at: int
    refresh_token: str | None
    id_token: str | None
    started_at: int
    seen_at: int
    subject: str
    sid: str | None
    standing: Standing | None = None


def packed(session: Session) -> bytes:
    """Return a session as bytes."""
    row: list[Any] = [getattr(session, name) for name in _FIELDS]
    standing = session.standing
    row.append([getattr(standing, name) for name in _STANDING] if standing else None)
    return orjson.dumps(row)


def unpacked(payload: bytes) -> Session | None:
    """Return the session in some bytes, None when they hold another form of it."""
    try:
        *fields, standing = orjson.loads(payload)
        return Session(*[*fields, Standing(*standing) if standing else None])
    except (ValueError, TypeError):
        return None


_FIELDS = tuple(name for name in Session.__slots__ if name != "standing")
_STANDING = tuple(Standing.__slots__)


class SessionKeeper:
    """Reads and writes session cookies; knows which sessions have ended here, and anywhere."""

    def __init__(
        self, settings: ConsoleSettings, key: bytes, shared: SharedEnds | None = None
    ) -> None:
        """Make it; without ``shared`` this is the only gateway."""
        self._shared = shared
        self._seal = Seal(key, "session")
        self._is_secure = settings.is_secure
        port = urlsplit(settings.public_url).port
        self.cookie = "__Host-gt-session" if settings.is_secure else f"gt-session-{port}"
        self._ended = EndedSessions(ABSOLUTE_SECONDS)

    def read(self, request: Request) -> Session | None:
        """Return the session of a request, as far as this gateway knows live."""
        payload = self._seal.open(request.cookies.get(self.cookie, ""))
        session = unpacked(payload) if payload is not None else None
        if session is None or self._ended.covers(
            session.id, session.subject, session.sid, session.started_at
        ):
            return None
        now = clock.epoch_seconds()
        is_idle = now - session.seen_at > IDLE_SECONDS
        return None if is_idle or now - session.started_at > ABSOLUTE_SECONDS else session

    async def live(self, request: Request) -> Session | None:
        """Return the session of a request if it has ended at no gateway.

        Raises:
            EndsUnknownError: nobody says what other gateways were told.
        """
        session = self.read(request)
        if session is None or self._shared is None:
            return session
        names = session_names(session.id, session.subject, session.sid)
        return None if await self._shared.has_ended(names, session.started_at) else session

    def is_stale(self, session: Session) -> bool:
        """Say whether the cookie should be written again to keep the session from idling out."""
        return clock.epoch_seconds() - session.seen_at > TOUCH_SECONDS

    def write(self, response: Response, session: Session) -> None:
        """Set the cookie.

        Raises:
            SessionTooLargeError: even without the id token it does not fit.
        """
        seen = replace(session, seen_at=clock.epoch_seconds())
        text = self._seal.seal(packed(seen))
        if len(text) > MAX_COOKIE_CHARACTERS:
            text = self._seal.seal(packed(replace(seen, id_token=None)))
        if len(text) > MAX_COOKIE_CHARACTERS:
            raise SessionTooLargeError("the issuer's tokens do not fit into a cookie")
        self._set(response, text)

    async def clear(self, response: Response, session: Session) -> None:
        """Delete the cookie, and refuse its copies."""
        self._ended.end(session.id)
        self._set(response, "", max_age=0)
        if self._shared is not None:
            await self._shared.tell([("id", session.id)])

    async def end_at_issuer(self, subject: str | None, sid: str | None) -> bool:
        """Refuse the cookies of sessions that ended at the issuer; see `ended_names`.

        Returns whether every gateway refuses them from now on.
        """
        self._ended.end_at_issuer(subject, sid)
        return self._shared is None or await self._shared.tell(ended_names(subject, sid))

    def _set(self, response: Response, value: str, max_age: int | None = None) -> None:
        response.set_cookie(
            self.cookie,
            value,
            max_age=max_age,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",  # strict would drop it on the way back from the issuer
        )
