"""``/refer``: the community referral form. No login, no script, the same thanks for everyone.

Against spam: a field that people do not see, a token that says when the page was made (too fast
is no person), a rate for each address, and no way in from another site's page. Nothing that comes
back depends on who is known: what is dropped as spam is thanked for in the same words.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.community_client import CommunityClient, CommunityUnavailableError
from gateway.consent_client import ConsentUnavailableError
from gateway.limits.rate import Rate, TokenBuckets
from gateway.limits.shared_rates import SharedRates
from infra import clock

MAX_BYTES: Final = 32_768
FASTEST_SECONDS: Final = 3
LONGEST_SECONDS: Final = 4 * 3600
PAGES: Final = Rate(1.0, 60)
FORMS: Final = Rate(1 / 120, 5)
TRAP: Final = "website"
THANKS: Final = "Received, thank you."

_TEXTS: Final = (
    ("givenName", "First name, if you know it", 100),
    ("familyName", "Last name, if you know it", 100),
    ("alias", "Street name or nickname", 100),
    ("description", "What they look like", 500),
    ("birthYear", "About which year they were born", 4),
    ("place", "Where they are usually found", 500),
    ("safetyConcerns", "Anything to take care of when meeting them", 500),
    ("language", "Language they speak", 35),
    ("relation", "How you know them", 200),
    ("referrerName", "Your name, if you want to be called back", 100),
    ("referrerPhone", "Your telephone number", 50),
)
_NEEDS: Final = (
    ("HOUSING", "a place to stay"), ("HEALTH", "medical care"), ("MENTAL_HEALTH", "mental health"),
    ("SUBSTANCE_USE", "substance use"), ("INCOME", "income or papers"), ("SAFETY", "safety"),
)  # fmt: skip
_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem}"
    "label,legend{display:block;margin-top:1rem;font-weight:600}"
    "input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}"
    "input[type=checkbox]{width:auto}.check{font-weight:400;margin-top:.2rem}"
    f".{TRAP}{{position:absolute;left:-9999px}}button{{font:inherit;margin:1.5rem 0;padding:.6rem}}"
)
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src "
    f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


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
        if wait := self._pages.take(_address(request)):
            return _too_many(wait)
        return await self._form(200, {}, "")

    async def _form(self, status: int, given: Mapping[str, list[str]], said: str) -> Response:
        try:
            sites = await self._client.sites()
        except CommunityUnavailableError:
            return _away()
        return _page(status, _form_html(sites, given, self.token(clock.epoch_seconds()), said))

    async def _take(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _page(403, "<p>Please use the form on this page.</p>")
        if wait := await self._take_one(_address(request)):
            return _too_many(wait)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await _read(request)
        if kind != "application/x-www-form-urlencoded" or body is None:
            return _page(400, "<p>The form could not be read.</p>")
        try:
            given = parse_qs(body.decode("utf-8", "replace"), max_num_fields=60)
        except ValueError:
            return _page(400, "<p>The form could not be read.</p>")
        if not self._is_from_a_person(given):
            return _thanks()
        try:
            is_read = await self._client.submit(_referral(given))
        except CommunityUnavailableError:
            return _away()
        if not is_read:
            said = "Please say what you are concerned about, and who it is, as far as you know."
            return await self._form(422, given, said)
        return _thanks()


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
    known = dict(_NEEDS)
    form: dict[str, Any] = {
        name: given[name][0].strip()[:most] for name, _, most in _TEXTS if given.get(name)
    }
    form["account"] = given.get("account", [""])[0].strip()
    form["needs"] = sorted({each for each in given.get("need", []) if each in known})
    form["urgency"] = "SOON" if given.get("soon") else "ROUTINE"
    form["personIsAware"] = "YES" if given.get("aware") else "NOT_ASKED"
    form["siteId"] = given.get("site", [""])[0]
    form["key"] = given["token"][0]
    if not form.get("birthYear", "").isdigit():
        form.pop("birthYear", None)
    return form


def _form_html(
    sites: list[tuple[str, str]], given: Mapping[str, list[str]], token: str, said: str
) -> str:
    def value(name: str) -> str:
        return escape(given.get(name, [""])[0])

    def mark(name: str, code: str, word: str) -> str:
        return f" {word}" if code in given.get(name, ()) else ""

    options = "".join(
        f'<option value="{escape(key)}"{mark("site", key, "selected")}>{escape(name)}</option>'
        for key, name in sites
    )
    texts = "".join(
        f'<label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" maxlength="{most}" value="{value(name)}">'
        for name, label, most in _TEXTS
    )
    needs = "".join(
        f'<label class="check"><input type="checkbox" name="need" value="{code}"'
        f"{mark('need', code, 'checked')}> {label}</label>"
        for code, label in _NEEDS
    )
    return (
        (f'<p role="alert"><strong>{escape(said)}</strong></p>' if said else "")
        + "<p>Tell us about somebody who could use help. No police is called. Referring is no"
        " decision; the person may always say no. You will not be told what comes of it.</p>"
        '<form method="post" action="/refer" accept-charset="utf-8">'
        f'<input type="hidden" name="token" value="{token}">'
        f'<div class="{TRAP}" aria-hidden="true"><label for="{TRAP}">Leave this empty</label>'
        f'<input id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></div>'
        f'<label for="site">Where</label><select id="site" name="site">{options}</select>'
        '<label for="account">What are you concerned about?</label>'
        f'<textarea id="account" name="account" rows="6" maxlength="5000" required>'
        f"{value('account')}</textarea>"
        f"{texts}<fieldset><legend>What could help</legend>{needs}</fieldset>"
        f'<label class="check"><input type="checkbox" name="soon" value="1"'
        f"{mark('soon', '1', 'checked')}> It should be soon"
        '</label><label class="check"><input type="checkbox" name="aware" value="1"'
        f"{mark('aware', '1', 'checked')}> The person knows that I write this</label>"
        "<button>Send</button></form>"
    )


def _page(status: int, inner: str, headers: Mapping[str, str] | None = None) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Community referral</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>Community referral</h1>{inner}</main></body></html>"
    )
    plain = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _POLICY,
        "cache-control": "no-store",
        **(headers or {}),
    }
    return Response(text, status, plain)


def _thanks() -> Response:
    return _page(200, f"<p>{THANKS}</p>")


def _too_many(wait: int) -> Response:
    return _page(429, "<p>Please try again later.</p>", {"retry-after": str(wait)})


def _away() -> Response:
    said = "<p>The form cannot be taken in now. Please try again in a few minutes.</p>"
    return _page(503, said, {"retry-after": "60"})
