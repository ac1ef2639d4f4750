"""Puts markers into every door beside GraphQL, and into every form of the console.

Doors are those of `tests/edge/test_every_door.py`, which finds them by walking the application's
routes, with what each must be able to read; every text of it becomes a marker, and so do ids of
paths and further parameters. A page of the console is shown to somebody of each role that it is
for, once, and each of its forms is sent with a marker wherever text may stand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx2

from gateway.web.console.pages import PAGES
from gateway.web.doors.scim_format import PATCH
from tests.edge.test_every_door import BODIES
from tests.fixtures.whole_platform import Platform
from tests.platform.console.test_security import client, signed_in

Mark = Callable[[], str]
Note = Callable[[int], None]

_KEPT = ("resourceType", "schemas", "system", "decision", "method", "query")
"""Whose texts a door must know to read on."""
_ONE = str(uuid4())
_WRITES = ("PUT", "PATCH", "POST")
_ASKED = (
    # persona, purpose, method, path: what a marker is added to
    ("case_manager", "CAREMGT", "GET", "/fhir/Consent?patient="),
    ("case_manager", "CAREMGT", "GET", "/fhir/AuditEvent?patient="),
    ("case_manager", "CAREMGT", "POST", "/fhir/Consent"),
    ("case_manager", "CAREMGT", "POST", "/cds-services/patient-consent-consult"),
    ("case_manager", "CAREMGT", "POST", "/bind"),
    ("agency_admin", "HSYSADMIN", "GET", "/scim/v2/Users?filter="),
    ("agency_admin", "HSYSADMIN", "GET", "/scim/v2/Users/"),
    ("agency_admin", "HSYSADMIN", "GET", "/scim/v2/"),
    ("agency_admin", "HSYSADMIN", "POST", "/scim/v2/Users"),
    ("agency_admin", "HSYSADMIN", "PUT", "/scim/v2/Users/"),
    ("agency_admin", "HSYSADMIN", "PATCH", f"/scim/v2/Users/{_ONE}?x="),
    ("agency_admin", "HSYSADMIN", "DELETE", "/scim/v2/Users/"),
    ("agency_admin", "HSYSADMIN", "GET", "/scim/v2/Groups?filter="),
    ("agency_admin", "HSYSADMIN", "POST", "/scim/v2/Groups"),
    ("agency_admin", "HSYSADMIN", "PUT", f"/scim/v2/Groups/{_ONE}?x="),
    ("defender", "LEAD_LEGAL_COORD", "GET", "/cases/court-dates.ics?x="),
    ("defender", "LEAD_LEGAL_COORD", "POST", "/cases/letters/"),
    ("case_manager", "CAREMGT", "POST", f"/participants/{_ONE}/court-orders/"),
    ("training_manager", "TRAINING_ADMIN", "GET", "/training/courses.csv?x="),
    ("training_manager", "TRAINING_ADMIN", "GET", "/training/sessions.ics?x="),
    ("participant", "PATRQT", "GET", "/me/record.json?x="),
)


def marked(value: Any, mark: Mark, key: str = "") -> Any:
    """Return a body with a marker in the place of every text that a door need not know."""
    if isinstance(value, dict):
        return {name: marked(each, mark, name) for name, each in value.items()} | {mark(): mark()}
    if isinstance(value, list):
        return [marked(each, mark, key) for each in value]
    return value if key in _KEPT or not isinstance(value, str) else mark()


def _body(path: str, mark: Mark) -> Any:
    base = path.partition("?")[0].rstrip("/")
    known = next(
        (
            body
            for door, body in BODIES.items()
            if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]*", door), base)
        ),
        BODIES.get(f"{base}/{{id}}", {}),
    )
    return marked(known, mark)


@dataclass
class Doors:
    """Who goes through all doors, with what makes markers and what counts answers."""

    platform: Platform
    personas: dict[str, dict[str, Any]]
    mark: Mark
    note: Note
    opened: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)

    async def every_door(self) -> None:
        """Go through each door for data, with its form and with one that is none."""
        for persona, purpose, method, path in _ASKED:
            who = persona if persona in self.personas else "case_manager"
            headers = {
                "authorization": f"Bearer {await self.platform.token(who)}",
                "purpose-of-use": purpose, "content-type": "application/json",
            }  # fmt: skip
            address = f"{self.platform.url}{path}{self.mark() if path[-1] in '=/' else ''}"
            bodies: list[Any] = [None]
            if method in _WRITES:
                bodies = [_body(path, self.mark), {self.mark(): [self.mark()]}, self.mark()]
            if method == "PATCH":
                operation = {"op": "replace", "path": self.mark(), "value": self.mark()}
                bodies.append({"schemas": [PATCH], "Operations": [operation]})
            for body in bodies:
                answer = await self.platform.client.request(
                    method, address, json=body, headers=headers
                )
                self.note(answer.status_code)
            if method in _WRITES:  # a file in the place of a document
                lines = f"{self.mark()},{self.mark()}\n{self.mark()},{self.mark()}\n"
                headers["content-type"] = "text/csv"
                answer = await self.platform.client.request(
                    method, address, content=lines, headers=headers
                )
                self.note(answer.status_code)
        await self._community_form()

    async def _community_form(self) -> None:
        page = await self.platform.client.get(f"{self.platform.url}/refer")
        for form in forms_of(page.text):
            answer = await self.platform.client.post(
                f"{self.platform.url}/refer", data=form.filled(self.mark)
            )
            self.note(answer.status_code)

    async def every_page(self) -> None:
        """Show every page to somebody for whom it is, and send each of its forms."""
        by_role = {each["role"]: each["persona"] for each in reversed(list(self.personas.values()))}
        chosen: dict[str, list[str]] = {}
        for path, _, roles, _ in PAGES:
            persona = next((by_role[role] for role in sorted(roles) if role in by_role), None)
            if persona is not None:
                chosen.setdefault(persona, []).append(path)
        for persona, paths in chosen.items():
            async with client() as http:
                if (await signed_in(self.platform, http, persona)).status_code == 303:
                    for path in dict.fromkeys(paths):
                        await self._page(http, path)

    async def _page(self, http: httpx2.AsyncClient, path: str) -> None:
        for value in (str(uuid4()), self.mark()) if "{" in path else ("",):
            address = re.sub(r"\{[^}]*\}", value, f"{self.platform.url}/console{path}")
            asked = {name: self.mark() for name in ("q", "name", "after", "filter", self.mark())}
            page = await http.get(address, params=asked)
            if page.status_code != 200:
                page = await http.get(address)
            self.note(page.status_code)
            self.opened.add(path)
            for form in forms_of(page.text):
                where = form.action if form.action.startswith("/") else f"/console{path}"
                kind = re.sub(r"[0-9a-f-]{36}", "", where) + repr(sorted(form.fields))
                if form.method == "post" and kind not in self.sent and "logout" not in where:
                    self.sent.add(kind)
                    await self._send(http, where, form)

    async def _send(self, http: httpx2.AsyncClient, where: str, form: "Form") -> None:
        address = f"{self.platform.url}{where}"
        headers = {"sec-fetch-site": "same-origin", "origin": self.platform.url}
        files = {name: (f"{self.mark()}.csv", self.mark(), "text/csv") for name in form.files}
        answer = await http.post(
            address, data=form.filled(self.mark), files=files or None, headers=headers
        )
        self.note(answer.status_code)


@dataclass
class Form:
    """A form of a page.

    Attributes:
        fields: what is sent with it; text is told from what is chosen by being empty.
        texts: fields where text may stand.
        files: fields that take a file.
    """

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def filled(self, mark: Mark) -> dict[str, str]:
        """Return what is sent, with a marker wherever text may stand."""
        return {n: mark() if n in self.texts else value for n, value in self.fields.items()}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if not self.found:
            return
        form, name, kind = self.found[-1], given.get("name", ""), given.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and not form.fields.get(self._select):
            form.fields[self._select] = given.get("value", "")
        elif tag in ("input", "textarea") and name:
            if kind == "file":
                form.files.add(name)
                return
            form.fields.setdefault(name, given.get("value", ""))
            if kind in ("text", "search", "email", "tel", "url", "password") or tag == "textarea":
                form.texts.add(name)
            elif kind == "date":
                form.fields[name] = "2026-05-01"
            elif kind == "datetime-local":
                form.fields[name] = "2026-05-01T10:00"
            elif kind == "number":
                form.fields[name] = "1"


def forms_of(page: str) -> list[Form]:
    """Return the forms of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.found
