"""``/refer``: the community referral form. No login, no script, the same thanks for everyone.

Against spam: a field that people do not see, a token that says when the page was made (too fast
is no person), a rate for each address, and no way in from another site's page. Nothing that comes
back depends on who is known: what is dropped as spam is thanked for in the same words.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.community_client import CommunityClient, CommunityUnavailableError
from gateway.consent_client import ConsentUnavailableError
from gateway.limits.rate import Rate, TokenBuckets
from gateway.limits.shared_rates import SharedRates
from gateway.web.doors.community_page import (
    LANGUAGES,
    PERSON,
    REFERRER,
    TRAP,
    form_html,
    page,
    words_of,
)
from infra import clock

MAX_BYTES: Final = 32_768
FASTEST_SECONDS: Final = 3
LONGEST_SECONDS: Final = 4 * 3600
PAGES: Final = Rate(1.0, 60)
FORMS: Final = Rate(1 / 120, 5)
_AWAY_SECONDS: Final = 60
THANKS: Final = words_of("en")["thanks"]


class CommunityDoor:
    """The form and what takes it in."""

    def __init__(
        self,
        client: CommunityClient,
        key: bytes | None = None,
        shared: SharedRates | None = None,
    ) -> None:
        """Make the door.

        Args:
            client: hands forms on.
            key: signs the pages; the same for all gateways, else a page is good at its own only.
            shared: makes the rates hold for all gateways.
        """
        self._client = client
        self._key = key or secrets.token_bytes(32)
        self._shared = shared
        self._pages = TokenBuckets(PAGES, kind="refer-page")
        self._forms = TokenBuckets(FORMS, kind="refer-form")
        if shared is not None:
            shared.follow(self._pages)

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/refer", self._show, methods=["GET"]),
            Route("/refer", self._take, methods=["POST"]),
        ]

    def token(self, made_at: int) -> str:
        """Return the token of a page made at a moment; it also makes a form count once."""
        text = f"{made_at}.{secrets.token_hex(8)}"
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, f"refer:{text}".encode(), "sha256").hexdigest()

    def _is_from_a_person(self, given: Mapping[str, list[str]]) -> bool:
        token = given.get("token", [""])[0]
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return False
        age = clock.epoch_seconds() - int(text.partition(".")[0])
        is_trapped = bool("".join(given.get(TRAP, [])))
        return not is_trapped and FASTEST_SECONDS <= age <= LONGEST_SECONDS

    async def _take_one(self, address: str) -> int:
        if self._shared is None:
            return self._forms.take(address)
        try:
            return await self._shared.take(self._forms, address)
        except ConsentUnavailableError:
            return 0  # this process has counted it: somebody in need is not turned away for that

    async def _show(self, request: Request) -> Response:
        language = _language(request)
        if wait := self._pages.take(_address(request)):
            return _said(language, 429, "later", wait)
        return await self._form(language, 200, {}, "")

    async def _form(
        self, language: str, status: int, given: Mapping[str, list[str]], said: str
    ) -> Response:
        try:
            sites = await self._client.sites()
        except CommunityUnavailableError:
            return _said(language, 503, "away", _AWAY_SECONDS)
        token = self.token(clock.epoch_seconds())
        return page(language, status, form_html(language, sites, given, token, said))

    async def _take(self, request: Request) -> Response:
        language = _language(request)
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _said(language, 403, "elsewhere")
        if wait := await self._take_one(_address(request)):
            return _said(language, 429, "later", wait)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await _read(request)
        if kind != "application/x-www-form-urlencoded" or body is None:
            return _said(language, 400, "unread")
        try:
            given = parse_qs(body.decode("utf-8", "replace"), max_num_fields=60)
        except ValueError:
            return _said(language, 400, "unread")
        if not self._is_from_a_person(given):
            return _said(language, 200, "thanks")
        try:
            is_read = await self._client.submit(_referral(given))
        except CommunityUnavailableError:
            return _said(language, 503, "away", _AWAY_SECONDS)
        if not is_read:
            return await self._form(language, 422, given, words_of(language)["missing"])
        return _said(language, 200, "thanks")


def _language(request: Request) -> str:
    """Return the language that a link names, else the one that the browser asks for."""
    named = request.query_params.get("lang", "")
    asked = request.headers.get("accept-language", "").split(",")
    wished = (named, *(each.partition(";")[0].strip()[:2].lower() for each in asked))
    return next((each for each in wished if each in LANGUAGES), "en")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _read(request: Request) -> bytes | None:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MAX_BYTES:
            return None
    return bytes(found)


def _referral(given: Mapping[str, list[str]]) -> dict[str, Any]:
    known = words_of("en")["need"]
    form: dict[str, Any] = {
        name: given[name][0].strip()[:most]
        for name, most, _ in (*PERSON, *REFERRER)
        if given.get(name)
    }
    form["account"] = given.get("account", [""])[0].strip()
    form["needs"] = sorted({each for each in given.get("need", []) if each in known})
    form["urgency"] = "SOON" if given.get("soon") else "ROUTINE"
    form["personIsAware"] = "YES" if given.get("aware") else "NOT_ASKED"
    form["personAgreed"] = "YES" if given.get("agreed") else "NOT_ASKED"
    form["siteId"] = given.get("site", [""])[0]
    form["key"] = given["token"][0]
    if not form.get("birthYear", "").isdigit():
        form.pop("birthYear", None)
    if not _is_day(form.get("bornOn", "")):
        form.pop("bornOn", None)
    return form


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _said(language: str, status: int, what: str, wait: int = 0) -> Response:
    headers = {"retry-after": str(wait)} if wait else {}
    return page(language, status, f"<p>{words_of(language)[what]}</p>", headers)
