"""Composition of the console: its parts, and every address it answers."""

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.pipeline import Pipeline
from gateway.settings import ConsoleSettings
from gateway.web.console.asking import Client
from gateway.web.console.assets import Assets
from gateway.web.console.back_channel import PATH as BACK_CHANNEL
from gateway.web.console.back_channel import BackChannel, Verify
from gateway.web.console.door import HOME, Door
from gateway.web.console.oidc import Provider
from gateway.web.console.pages import PAGES
from gateway.web.console.refreshing import Refresher
from gateway.web.console.render import Pages
from gateway.web.console.roles import STAFF
from gateway.web.console.sealing import FormTokens, read_key
from gateway.web.console.session import SessionKeeper
from gateway.web.console.shared_ends import Ends, SharedEnds
from gateway.web.console.sign_in import SignIn
from gateway.web.console.views import developer, home, training_files
from gateway.web.console.visit import Visit


class Console:
    """All pages of one gateway."""

    def __init__(
        self,
        pipeline: Pipeline,
        settings: ConsoleSettings,
        accepted_issuers: Collection[str],
        verify_logout: Verify,
        ends: Ends,
    ) -> None:
        """Make the pages.

        Args:
            accepted_issuers: whose access tokens the gateway takes.
            verify_logout: checks the tokens by which an issuer ends sessions.
            ends: what all gateways know of sessions that have ended.
        """
        key = read_key(settings.key)
        issuer = urlsplit(settings.issuer_url)
        self._settings = settings
        self._assets = Assets()
        self._provider = Provider(settings, accepted_issuers)
        keeper = SessionKeeper(settings, key, SharedEnds(ends, key))
        tokens = FormTokens(key)
        client = Client(pipeline)
        pages = Pages(settings, self._assets, f"{issuer.scheme}://{issuer.netloc}")
        refresher = Refresher(self._provider)
        self._door = Door(settings, keeper, refresher, tokens, client, pages)
        self._sign_in = SignIn(
            settings, key, self._provider, keeper, client, pages, self._door, tokens
        )
        self._back_channel = BackChannel(self._provider, keeper, verify_logout)

    async def close(self) -> None:
        """Drop connections."""
        await self._provider.close()

    def routes(self, badge_of: training_files.BadgeOf) -> Iterable[Route]:
        """Return every address of the console.

        Args:
            badge_of: makes the signed badge of a training record.
        """
        page, sign_in = self._door.page, self._sign_in
        yield Route("/", _start)
        yield Route("/console", _start)
        yield Route("/console/static/{name:path}", self._assets.serve)
        yield Route("/console/login", sign_in.login)
        yield Route("/console/callback", sign_in.callback)
        yield Route("/console/logout", sign_in.logout, methods=["POST"])
        yield Route("/console/signed-out", sign_in.signed_out)
        yield Route(BACK_CHANNEL, self._back_channel.__call__, methods=["POST"])
        yield Route("/console/acting", sign_in.acting, methods=["GET", "POST"])
        yield Route("/console/language", sign_in.change_language, methods=["POST"])
        yield Route(HOME, page(home.show))
        for path, handler, allowed, methods in PAGES:
            yield Route(f"/console{path}", page(handler, allowed), methods=methods)
        badge = page(training_files.BadgeFile(badge_of).send, STAFF)
        yield Route("/console/training/certificates/{id}/badge.jwt", badge)
        if not self._settings.is_production:
            yield Route("/console/developer", page(developer.show), methods=["GET", "POST"])
            yield Route("/graphiql", page(developer.explorer))
            yield Route("/graphiql/run", page(developer.run), methods=["POST"])
        yield Route("/console/{rest:path}", page(_unknown))


async def _start(_request: Request) -> Response:
    return RedirectResponse(HOME, 303)


async def _unknown(visit: Visit) -> Response:
    return visit.page("unknown.html", 404)
