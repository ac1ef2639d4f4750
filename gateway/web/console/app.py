"""Composition of the console: its parts, and every address it answers."""

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.pipeline import Pipeline
from gateway.settings import ConsoleSettings
from gateway.web.console import roles
from gateway.web.console.asking import Client
from gateway.web.console.assets import Assets
from gateway.web.console.door import HOME, Door
from gateway.web.console.oidc import Provider
from gateway.web.console.refreshing import Refresher
from gateway.web.console.render import Pages
from gateway.web.console.sealing import FormTokens, read_key
from gateway.web.console.session import SessionKeeper
from gateway.web.console.sign_in import SignIn
from gateway.web.console.views import (
    agencies,
    batches,
    conferences,
    developer,
    home,
    own_record,
    people,
    privacy,
    releases,
    roster,
    training,
)
from gateway.web.console.visit import Visit


class Console:
    """All pages of one gateway."""

    def __init__(
        self, pipeline: Pipeline, settings: ConsoleSettings, accepted_issuers: Collection[str]
    ) -> None:
        key = read_key(settings.key)
        issuer = urlsplit(settings.issuer_url)
        self._settings = settings
        self._assets = Assets()
        self._provider = Provider(settings, accepted_issuers)
        keeper = SessionKeeper(settings, key)
        tokens = FormTokens(key)
        client = Client(pipeline)
        pages = Pages(settings, self._assets, f"{issuer.scheme}://{issuer.netloc}")
        refresher = Refresher(self._provider)
        self._door = Door(settings, keeper, refresher, tokens, client, pages)
        self._sign_in = SignIn(
            settings, key, self._provider, keeper, client, pages, self._door, tokens
        )

    async def close(self) -> None:
        """Drop connections."""
        await self._provider.close()

    def routes(self) -> Iterable[Route]:
        """Return every address of the console."""
        page, sign_in = self._door.page, self._sign_in
        care, own, trains = roles.CARE, roles.OWN_RECORD, roles.TRAINING
        yield Route("/", _start)
        yield Route("/console", _start)
        yield Route("/console/static/{name:path}", self._assets.serve)
        yield Route("/console/login", sign_in.login)
        yield Route("/console/callback", sign_in.callback)
        yield Route("/console/logout", sign_in.logout, methods=["POST"])
        yield Route("/console/signed-out", sign_in.signed_out)
        yield Route("/console/acting", sign_in.acting, methods=["GET", "POST"])
        yield Route("/console/language", sign_in.change_language, methods=["POST"])
        yield Route(HOME, page(home.show))
        for path, handler, allowed, methods in (
            ("/training/courses", training.courses, roles.STAFF, ["GET"]),
            ("/training/courses/{number}", training.course, roles.STAFF, ["GET"]),
            ("/training/sessions/{number}", training.session, roles.STAFF, ["GET"]),
            ("/training/mine", training.mine, roles.STAFF, ["GET"]),
            ("/training/sessions/{number}/assign", roster.assign, trains, ["GET", "POST"]),
            ("/training/sessions/{number}/undo", roster.undo, trains, ["POST"]),
            ("/training/assignments/{id}/status", roster.move, trains, ["POST"]),
            ("/training/due", batches.due, trains, ["GET"]),
            ("/training/batches/{id}", batches.progress, trains, ["GET"]),
            ("/training/batches/{id}/undo", batches.undo, trains, ["POST"]),
            ("/training/people", roster.people, trains, ["GET", "POST"]),
            ("/training/import", roster.import_page, trains, ["GET", "POST"]),
            ("/agency", agencies.own, roles.ADMIN, ["GET"]),
            ("/agency/grant", agencies.grant, roles.ADMIN, ["GET", "POST"]),
            ("/agency/grants/{id}/revoke", agencies.revoke, roles.ADMIN, ["GET", "POST"]),
            ("/agencies", agencies.directory, roles.STAFF, ["GET"]),
            ("/people", people.caseload, care, ["GET"]),
            ("/people/{id}", people.person, care, ["GET"]),
            ("/people/{id}/seen", people.seen, care, ["GET"]),
            ("/people/{id}/releases/new", releases.capture, care, ["GET", "POST"]),
            ("/people/{id}/releases/check", releases.check, care, ["POST"]),
            ("/people/{id}/releases/{release}/revoke", releases.revoke, care, ["GET", "POST"]),
            ("/people/{id}/preview", privacy.preview, frozenset({"CM"}), ["GET"]),
            ("/conferences", conferences.listed, roles.CONFERRING, ["GET"]),
            ("/conferences/{id}", conferences.shown, roles.CONFERRING, ["GET"]),
            ("/conferences/{id}/pledge", conferences.pledge, roles.CONFERRING, ["POST"]),
            ("/privacy", privacy.start, roles.PRIVACY, ["GET", "POST"]),
            ("/privacy/{id}", privacy.review, roles.PRIVACY, ["GET"]),
            ("/releases/expiring", people.expiring, care, ["GET"]),
            ("/record", own_record.signed, own, ["GET"]),
            ("/record/seen", own_record.seen, own, ["GET"]),
            ("/record/releases/{release}/revoke", own_record.take_back, own, ["GET", "POST"]),
        ):
            yield Route(f"/console{path}", page(handler, allowed), methods=methods)
        if not self._settings.is_production:
            yield Route("/console/developer", page(developer.show), methods=["GET", "POST"])
            yield Route("/graphiql", page(developer.explorer))
            yield Route("/graphiql/run", page(developer.run), methods=["POST"])
        yield Route("/console/{rest:path}", page(_unknown))


async def _start(_request: Request) -> Response:
    return RedirectResponse(HOME, 303)


async def _unknown(visit: Visit) -> Response:
    return visit.page("unknown.html", 404)
