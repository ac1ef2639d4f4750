"""One visit to one page: who, what was sent, and the ways to answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.pipeline import StatedRecipient
from gateway.web.console import roles
from gateway.web.console.asking import Client, RefusedError, Reply
from gateway.web.console.render import Pages
from gateway.web.console.session import Session, Standing
from gateway.web.console.wording import DEFAULT_LANGUAGE
from gateway.web.text_document import PDF_TYPE
from infra.errors import bug

Handler = Callable[["Visit"], Awaitable[Response]]


@dataclass(slots=True)
class Visit:
    """A request of somebody who is signed in and whose grant is known.

    Attributes:
        session: as it is to be kept; a handler may replace it.
        form: what was posted, its token already checked; empty for a GET.
    """

    request: Request
    session: Session
    standing: Standing
    form: FormData
    client: Client
    pages: Pages
    form_token: str
    is_development: bool

    @property
    def language(self) -> str:
        """Language of the page: pages for staff are English."""
        own = self.standing.role in roles.OWN_RECORD
        return self.session.language if own else DEFAULT_LANGUAGE

    @property
    def is_fragment(self) -> bool:
        """Whether a script asks for a part of the page."""
        return self.request.headers.get("hx-request") == "true"

    def text(self, name: str, limit: int = 500) -> str:
        """Return a posted text, without surrounding space, cut to a limit."""
        value = self.form.get(name)
        return value.strip()[:limit] if isinstance(value, str) else ""

    def texts(self, name: str, limit: int = 1000) -> list[str]:
        """Return all posted values of a name."""
        return [each for each in self.form.getlist(name) if isinstance(each, str)][:limit]

    def queried(self, name: str, limit: int = 200) -> str:
        """Return a parameter of the address, without surrounding space, cut to a limit."""
        return self.request.query_params.get(name, "").strip()[:limit]

    def paged(self, **variables: Any) -> dict[str, Any]:
        """Return a list's variables, with the place that the address says to go on from."""
        after = self.queried("after", 2000)
        return {**variables, "after": after} if after else variables

    async def ask(self, name: str, variables: Mapping[str, Any] | None = None) -> Reply:
        """Run a committed operation for the role's purpose.

        Raises:
            SignedOutError: the access token is not accepted.
            RefusedError: the request was refused as a whole.
        """
        purpose = roles.PURPOSES.get(self.standing.role)
        return await self.client.run(self.session, name, variables, purpose=purpose)

    async def ask_as_door(
        self,
        name: str,
        variables: Mapping[str, Any],
        *,
        recipient: StatedRecipient | None = None,
    ) -> Reply:
        """Run a committed operation that hands something over, or records that it was.

        Args:
            recipient: to whom the answer is handed; the gate decides it as theirs.

        Raises:
            SignedOutError: the access token is not accepted.
            RefusedError: the request was refused as a whole.
        """
        purpose = roles.PURPOSES.get(self.standing.role)
        return await self.client.run(
            self.session, name, variables, purpose=purpose, recipient=recipient, is_door=True
        )

    async def ask_needed(
        self, name: str, variables: Mapping[str, Any] | None = None, *, root: str
    ) -> tuple[Any, Reply]:
        """Run an operation and return its one root field, which the page cannot do without.

        The value is None where there is nothing that this person may see.

        Raises:
            RefusedError: the role may not see it, or its service is away.
        """
        reply = await self.ask(name, variables)
        found = reply.data.get(root)
        if found is None and reply.codes:
            raise RefusedError(reply.refusal)
        return found, reply

    def page(self, template: str, status: int = 200, /, **facts: Any) -> Response:
        """Render a page with what it is about."""
        note = self.request.query_params.get("note", "")
        context = self.pages.context(
            language=self.language,
            standing=self.standing,
            name=self.session.name,
            path=self.request.url.path,
            form_token=self.form_token,
            note=note,
        )
        if hidden := facts.keys() & context.keys():
            bug(f"a page's facts would hide {sorted(hidden)}")
        html = self.pages.render(template, {**context, **facts})
        return HTMLResponse(html, status, headers=self.pages.headers)

    def paper(self, content: bytes, name: str) -> Response:
        """Send a PDF as a file to keep; no cache between us and the reader holds it."""
        headers = {
            **self.pages.headers,
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        return Response(content, media_type=PDF_TYPE, headers=headers)

    def go(self, path: str, note: str = "", **parameters: str) -> Response:
        """Send the browser on after a form; ``note`` is a key of the catalogue's notes."""
        sent = {**parameters, **({"note": note} if note else {})}
        query = f"?{urlencode(sent)}" if sent else ""
        return RedirectResponse(f"{path}{query}", 303)
