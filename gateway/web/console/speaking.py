"""Which language the pages about somebody's own record begin in.

What the person chose here last comes first, then what their record says they speak, then what the
issuer or the browser says. The choice is kept in a sealed cookie with the id of who made it: on a
shared computer the next person is not spoken to in it, and nobody reads from it who was here.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.settings import ConsoleSettings
from gateway.web.console import roles
from gateway.web.console.asking import OUTAGE, Client, RefusedError, StepUpError
from gateway.web.console.connection import nodes
from gateway.web.console.sealing import Seal
from gateway.web.console.session import Session
from gateway.web.console.wording import LANGUAGES, chosen_language

KEPT_SECONDS: Final = 365 * 24 * 3600
TRIES: Final = 2
"""How often the record is asked while its service is away; nobody is kept out for want of it."""


class Speaking:
    """Remembers chosen languages, and asks for those of records."""

    def __init__(self, settings: ConsoleSettings, key: bytes, client: Client) -> None:
        self._seal = Seal(key, "language")
        self._client = client
        self._is_secure = settings.is_secure
        port = urlsplit(settings.public_url).port
        self.cookie = "__Host-gt-language" if settings.is_secure else f"gt-language-{port}"

    def before_sign_in(self, request: Request) -> str:
        """Return the language for the issuer's pages: nobody is known yet."""
        return self._kept(request)[1] or chosen_language(request.headers.get("accept-language"))

    async def language(self, request: Request, session: Session) -> str:
        """Return the language that a session begins in.

        Raises:
            SignedOutError: the access token is not accepted.
        """
        subject, chosen = self._kept(request)
        if chosen and subject == session.subject:
            return chosen
        return await self._of_record(session) or session.language

    async def _of_record(self, session: Session) -> str | None:
        """Return what the own record says, where it is a language that the pages have."""
        role = session.standing.role if session.standing else ""
        if role not in roles.OWN_RECORD:
            return None
        for _ in range(TRIES):
            try:
                reply = await self._client.run(session, "OwnLanguage", purpose=roles.PURPOSES[role])
            except StepUpError:
                return None  # the page that follows asks for it
            except RefusedError as refused:
                if refused.code != OUTAGE:
                    return None
                continue
            if not reply.is_partial:
                return _recorded(nodes(reply.data.get("participants")))
        return None

    def keep(self, response: Response, session: Session) -> None:
        """Remember what somebody has chosen, for their next sign-in with this browser."""
        response.set_cookie(
            self.cookie,
            self._seal.seal(orjson.dumps([session.subject, session.language])),
            max_age=KEPT_SECONDS,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def _kept(self, request: Request) -> tuple[str, str]:
        """Return who has chosen which language with this browser; empty where nobody has."""
        payload = self._seal.open(request.cookies.get(self.cookie, ""))
        if payload is None:
            return "", ""
        subject, language = orjson.loads(payload)
        return (subject, language) if language in LANGUAGES else ("", "")


def _recorded(people: list[Any]) -> str | None:
    told = (people[0].get("demographics") or {}) if people else {}
    language = str(told.get("preferredLanguage") or "")[:2].lower()
    return language if language in LANGUAGES else None
