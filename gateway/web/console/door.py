"""What stands before every page: a live session, a fresh token, a grant, an honest form.

A handler runs only with all of these; whatever it raises becomes a page that says what to do.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.settings import ConsoleSettings
from gateway.web.console.asking import Client, RefusedError, SignedOutError, StepUpError
from gateway.web.console.oidc import SignInError
from gateway.web.console.refreshing import Refresher
from gateway.web.console.render import Pages
from gateway.web.console.sealing import FormTokens
from gateway.web.console.session import Session, SessionKeeper
from gateway.web.console.shared_ends import EndsUnknownError
from gateway.web.console.visit import Handler, Visit
from gateway.web.console.wording import DEFAULT_LANGUAGE, chosen_language
from infra.telemetry import logs

HOME: Final = "/console/"
MAX_FORM_BYTES: Final = 262_144
MAX_DOCUMENT_FORM_BYTES: Final = 1_600_000
"""The form with a scanned memorandum; its view says how large the file itself may be."""
_DOCUMENTS: Final = "/agreements/documents"
_MAX_FIELDS = 4000
_MAX_FILES = 6
_STATUS = {"SERVICE_UNAVAILABLE": 503, "OVERLOADED": 503, "RATE_LIMITED": 429, "INTERNAL": 500}
_log = structlog.get_logger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]


class FormRefusedError(Exception):
    """A form that this session's pages have not sent."""


class FormTooLargeError(Exception):
    """A form with more in it than any page takes."""


class Door:
    """Makes endpoints of handlers."""

    def __init__(
        self,
        settings: ConsoleSettings,
        keeper: SessionKeeper,
        refresher: Refresher,
        tokens: FormTokens,
        client: Client,
        pages: Pages,
    ) -> None:
        self._settings = settings
        self._keeper = keeper
        self._refresher = refresher
        self._tokens = tokens
        self._client = client
        self._pages = pages

    def page(self, handler: Handler, allowed: Collection[str] | None = None) -> Endpoint:
        """Return the endpoint of a page, for some roles or for all."""

        async def endpoint(request: Request) -> Response:
            kept = await self.entered(request)
            if isinstance(kept, Response):
                return kept
            try:
                session = await self._refresher.fresh(kept)
                response, session = await self._visited(request, session, handler, allowed)
            except (SignedOutError, SignInError):
                return self.to_sign_in(request)
            except StepUpError as stepped:
                return self.to_sign_in(request, stepped.demands)
            if session != kept or self._keeper.is_stale(session):
                self._keeper.write(response, session)
            return response

        return endpoint

    async def entered(self, request: Request) -> Session | Response:
        """Return the live session of a request, or what somebody without one is answered."""
        try:
            session = await self._keeper.live(request)
        except EndsUnknownError:
            return self.notice("SERVICE_UNAVAILABLE", 503, request=request)
        return self.to_sign_in(request) if session is None else session

    async def _visited(
        self,
        request: Request,
        session: Session,
        handler: Handler,
        allowed: Collection[str] | None,
    ) -> tuple[Response, Session]:
        if session.standing is None:
            return RedirectResponse("/console/acting", 303), session
        try:
            form = await self.read_form(request, session)
        except FormRefusedError:
            return self.notice("form", 403, session), session
        except FormTooLargeError:
            return self.notice("form_too_large", 413, session), session
        if allowed is not None and session.standing.role not in allowed:
            return self.notice("not_yours", 403, session), session
        visit = Visit(
            request=request,
            session=session,
            standing=session.standing,
            form=form,
            client=self._client,
            pages=self._pages,
            form_token=self._tokens.token(session.id),
            is_development=not self._settings.is_production,
        )
        try:
            return await handler(visit), visit.session
        except (SignedOutError, StepUpError):
            raise
        except RefusedError as refused:
            kept = visit.session
            if refused.code == "GRANT_REQUIRED":
                # The grant may be gone, or another one has come: the next page finds out.
                kept = replace(kept, standing=None)
            return self.refused(refused, kept), kept
        except Exception as failure:
            _log.error("page_failed", error_chain=logs.error_chain(failure))
            return self.notice("INTERNAL", 500, session), session

    def refused(self, refused: RefusedError, session: Session) -> Response:
        """Return the page for what the pipeline has refused."""
        return self.notice(refused.code, _STATUS.get(refused.code, 403), session)

    async def read_form(self, request: Request, session: Session) -> FormData:
        """Return a posted form whose origin and token are right; an empty one for a GET.

        Raises:
            FormRefusedError: it comes from elsewhere.
            FormTooLargeError: it is larger than any page's.
        """
        if request.method not in ("POST",):
            return FormData()
        if not self.is_same_origin(request):
            raise FormRefusedError
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise FormRefusedError
        has_document = request.url.path.endswith(_DOCUMENTS)
        if int(length) > (MAX_DOCUMENT_FORM_BYTES if has_document else MAX_FORM_BYTES):
            raise FormTooLargeError
        try:
            form = await request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS)
        except HTTPException as error:  # more parts than any page has
            raise FormRefusedError from error
        if not self._tokens.is_of(session.id, form.get("form_token")):
            raise FormRefusedError
        return form

    def is_same_origin(self, request: Request) -> bool:
        """Say whether a browser sent this from one of our own pages (Fetch metadata)."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return request.headers.get("origin") in (None, "null", self._settings.public_url)

    def to_sign_in(
        self, request: Request, demands: Mapping[str, str] = MappingProxyType({})
    ) -> Response:
        """Send the browser to sign in, and back to this page afterwards.

        Args:
            demands: what the sign-in must be, beyond one.
        """
        target = request.url.path if request.method == "GET" else HOME
        if request.method == "GET" and request.url.query:
            target = f"{target}?{request.url.query}"
        path = f"/console/login?{urlencode({'next': target, **demands})}"
        if request.headers.get("hx-request") == "true":
            return Response(None, 200, headers={"HX-Redirect": path})
        return RedirectResponse(path, 303)

    def notice(
        self, code: str, status: int, session: Session | None = None, request: Request | None = None
    ) -> Response:
        """Return the page that says what went wrong and what to do, by its code."""
        language = session.language if session else DEFAULT_LANGUAGE
        if session is None and request is not None:
            language = chosen_language(request.headers.get("accept-language"))
        standing = session.standing if session else None
        context = self._pages.context(
            language=language,
            standing=standing,
            name=session.name if session else "",
            form_token=self._tokens.token(session.id) if session else "",
        )
        html = self._pages.render(
            "notice.html", {**context, "code": code, "is_signed_in": session is not None}
        )
        return HTMLResponse(html, status, headers=self._pages.headers)
