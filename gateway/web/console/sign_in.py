"""Signing in and out, and choosing the grant to act under."""

import re
from dataclasses import asdict, replace
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.settings import ConsoleSettings
from gateway.web.console.asking import Client, RefusedError, SignedOutError
from gateway.web.console.door import HOME, Door, FormRefusedError
from gateway.web.console.oidc import Attempt, Provider, SignInError
from gateway.web.console.render import Pages
from gateway.web.console.sealing import FormTokens, Seal
from gateway.web.console.session import Session, SessionKeeper
from gateway.web.console.speaking import Speaking
from gateway.web.console.standing import find_choices, find_standing
from gateway.web.console.wording import LANGUAGES, chosen_language
from infra import clock

ATTEMPT_SECONDS: Final = 600
_DEMAND = re.compile(r"[0-9A-Za-z:._/ -]{1,200}")


class SignIn:
    """The endpoints that need no session, and those that change it."""

    def __init__(
        self,
        settings: ConsoleSettings,
        key: bytes,
        provider: Provider,
        keeper: SessionKeeper,
        client: Client,
        pages: Pages,
        door: Door,
        tokens: FormTokens,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._keeper = keeper
        self._client = client
        self._pages = pages
        self._door = door
        self._tokens = tokens
        self._speaking = Speaking(settings, key, client)
        self._seal = Seal(key, "attempt")
        self._cookie = f"{keeper.cookie}-attempt"

    async def login(self, request: Request) -> Response:
        """Send the browser to the provider."""
        attempt = self._provider.attempt(_own_path(request.query_params.get("next", "")))
        language = self._speaking.before_sign_in(request)
        try:
            url = await self._provider.authorization_url(attempt, language, _demands(request))
        except SignInError as error:
            return self._door.notice(error.code, 503, request=request)
        response = RedirectResponse(url, 303)
        self._set(response, self._seal.seal(orjson.dumps(asdict(attempt))), ATTEMPT_SECONDS)
        return response

    async def callback(self, request: Request) -> Response:
        """Take the provider's answer and begin a session."""
        attempt = self._attempt(request)
        if attempt is None:
            return self._door.notice("ATTEMPT_OVER", 400, request=request)
        try:
            tokens = await self._provider.redeem(attempt, dict(request.query_params))
        except SignInError as error:
            status = 503 if error.code.startswith("PROVIDER") else 400
            response = self._door.notice(error.code, status, request=request)
            self._set(response, "", 0)
            return response
        now = clock.epoch_seconds()
        accepted = tokens.language or request.headers.get("accept-language")
        session = Session(
            id=uuid4().hex,
            name=tokens.name,
            language=chosen_language(accepted),
            access_token=tokens.access_token,
            access_ends_at=tokens.ends_at,
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
            started_at=now,
            seen_at=now,
            subject=tokens.subject,
            sid=tokens.sid,
        )
        response = await self._begun(request, session, attempt.target)
        self._set(response, "", 0)
        return response

    async def _begun(self, request: Request, session: Session, target: str) -> Response:
        """Return the first answer of a session, with its cookie."""
        response: Response
        try:
            standing = await find_standing(self._client, session, None)
            session = await self._spoken(request, replace(session, standing=standing))
            response = RedirectResponse(target, 303)
        except RefusedError as refused:
            if refused.code == "GRANT_AMBIGUOUS":
                response = RedirectResponse("/console/acting", 303)
            else:
                response = self._door.refused(refused, session)
        except SignedOutError:
            return self._door.notice("TOKEN_REFUSED", 400, session=None)
        self._keeper.write(response, session)
        return response

    async def acting(self, request: Request) -> Response:
        """Show what a person may act as, or take the choice."""
        session = await self._door.entered(request)
        if isinstance(session, Response):
            return session
        response: Response
        try:
            form = await self._door.read_form(request, session)
            if request.method == "POST":
                chosen = str(form.get("grant", ""))
                standing = await find_standing(self._client, session, chosen)
                session = await self._spoken(request, replace(session, standing=standing))
                response = RedirectResponse(HOME, 303)
                self._keeper.write(response, session)
                return response
            choices = await find_choices(self._client, session)
            if len(choices) == 1:
                response = RedirectResponse(HOME, 303)
                self._keeper.write(response, replace(session, standing=choices[0]))
                return response
        except FormRefusedError:
            return self._door.notice("form", 403, session)
        except SignedOutError:
            return self._door.to_sign_in(request)
        except RefusedError as refused:
            return self._door.refused(refused, replace(session, standing=None))
        context = self._pages.context(
            language=session.language,
            name=session.name,
            form_token=self._tokens.token(session.id),
        )
        html = self._pages.render("acting.html", {**context, "choices": choices})
        return HTMLResponse(html, headers=self._pages.headers)

    async def change_language(self, request: Request) -> Response:
        """Take the language of the pages about the own record."""
        session = await self._door.entered(request)
        if isinstance(session, Response):
            return session
        try:
            form = await self._door.read_form(request, session)
        except FormRefusedError:
            return self._door.notice("form", 403, session)
        language = str(form.get("language", ""))
        response = RedirectResponse(_own_path(str(form.get("back", ""))), 303)
        if language in LANGUAGES:
            session = replace(session, language=language)
            self._keeper.write(response, session)
            self._speaking.keep(response, session)
        return response

    async def logout(self, request: Request) -> Response:
        """End the session here and at the provider."""
        session = self._keeper.read(request)
        if session is None:
            return RedirectResponse("/console/signed-out", 303)
        try:
            await self._door.read_form(request, session)
        except FormRefusedError:
            return self._door.notice("form", 403, session)
        try:
            url = await self._provider.end_session_url(session.id_token)
        except SignInError:
            url = None  # signed out here all the same
        response = RedirectResponse(url or "/console/signed-out", 303)
        await self._keeper.clear(response, session)
        return response

    async def signed_out(self, request: Request) -> Response:
        """Say so."""
        return self._door.notice("signed_out", 200, request=request)

    async def _spoken(self, request: Request, session: Session) -> Session:
        """Return a session that has just begun, in its person's language."""
        return replace(session, language=await self._speaking.language(request, session))

    def _attempt(self, request: Request) -> Attempt | None:
        payload = self._seal.open(request.cookies.get(self._cookie, ""))
        if payload is None:
            return None
        attempt = Attempt(**orjson.loads(payload))
        age = clock.epoch_seconds() - attempt.started_at
        return attempt if age <= ATTEMPT_SECONDS else None

    def _set(self, response: Response, value: str, max_age: int) -> None:
        response.set_cookie(
            self._cookie,
            value,
            max_age=max_age,
            path="/",
            secure=self._settings.is_secure,
            httponly=True,
            samesite="lax",
        )


def _demands(request: Request) -> dict[str, str]:
    """Return how strong and fresh a sign-in is to be, as a page that needs it has said."""
    sent = {name: request.query_params.get(name, "") for name in ("acr_values", "max_age")}
    return {name: value for name, value in sent.items() if _DEMAND.fullmatch(value)}


def _own_path(target: str) -> str:
    """Return a page of ours; anything that could lead elsewhere becomes the start page."""
    parts = urlsplit(target)
    is_ours = target.startswith(("/console/", "/graphiql")) and not (parts.scheme or parts.netloc)
    return target if is_ours and "\\" not in target and target.isprintable() else HOME
