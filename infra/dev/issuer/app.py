"""The issuer's endpoints: the public ones on the loopback, the mint on a private socket."""

import itertools
from importlib import resources
from urllib.parse import quote

from authlib.oauth2 import OAuth2Error
from jinja2 import Environment as Templates
from jinja2 import PackageLoader, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from infra import clock
from infra.dev.issuer.back_channel import tell
from infra.dev.issuer.client_assertion import ALGORITHMS
from infra.dev.issuer.clients import SCOPES, browser_origins, load_clients, origin_of
from infra.dev.issuer.keys import SigningKeys
from infra.dev.issuer.people import Persona, SignedIn, load_personas, load_synthetic_personas
from infra.dev.issuer.server import TOKEN_SECONDS, IssuerServer
from infra.dev.issuer.settings import IssuerSettings
from infra.dev.issuer.store import ACR

DEVELOPER_CLIENT = "goldenthread-dev"
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PICKED = "persona"


class Issuer:
    """All endpoints over one authorization server."""

    def __init__(self, settings: IssuerSettings) -> None:
        self._settings = settings
        self._personas = load_personas(settings.demo_file)
        self._clients = load_clients(settings.clients_file)
        self._keys = SigningKeys(settings.key_dir)
        self._server = IssuerServer(settings, self._keys, self._clients)
        templates = Templates(
            loader=PackageLoader(__package__, "."), autoescape=select_autoescape()
        )
        self._picker = templates.get_template("picker.html")
        self._style = (resources.files(__package__) / "style.css").read_text(encoding="utf-8")

    def public_app(self) -> Starlette:
        """Return the application for the loopback port."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/.well-known/oauth-authorization-server", self._metadata),
                Route("/jwks.json", self._jwks),
                Route("/authorize", self._show_picker, methods=["GET"]),
                Route("/authorize", self._picked, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/end-session", self._end_session, methods=["GET"]),
                Route("/style.css", self._css),
                Route("/health/live", _healthy),
                Route("/health/ready", _healthy),
            ],
            middleware=[
                # A web page that points its own name at this machine must not get a token.
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
                Middleware(
                    CORSMiddleware,
                    allow_origins=browser_origins(self._clients),
                    allow_methods=["GET", "POST"],
                ),
            ],
        )

    def private_app(self) -> Starlette:
        """Return the application for the private socket."""
        return Starlette(
            routes=[
                Route("/mint", self._mint, methods=["POST"]),
                Route("/rotate", self._rotate, methods=["POST"]),
            ]
        )

    async def _metadata(self, _request: Request) -> Response:
        url = self._settings.url
        return JSONResponse(
            {
                "issuer": self._settings.issuer,
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "jwks_uri": f"{url}/jwks.json",
                "end_session_endpoint": f"{url}/end-session",
                "backchannel_logout_supported": True,
                "backchannel_logout_session_supported": True,
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": [
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                ],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                    "private_key_jwt",
                    "none",
                ],
                "token_endpoint_auth_signing_alg_values_supported": sorted(
                    set().union(*ALGORITHMS.values())
                ),
                "code_challenge_methods_supported": ["S256"],
                "acr_values_supported": [ACR],
                "claims_supported": ["sub", "sid", "name", "acr", "auth_time", "gt_roles"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(
            self._keys.public_set(), headers={"Cache-Control": "public, max-age=300"}
        )

    async def _show_picker(self, request: Request) -> Response:
        try:
            grant = self._server.get_consent_grant((request, request.query_params))
        except OAuth2Error as error:
            return self._refusal(error)
        by_site = itertools.groupby(self._people().values(), key=lambda persona: persona.site_name)
        page = self._picker.render(
            client_name=grant.client.name,
            fields=list(request.query_params.multi_items()),
            sites=[(site, list(personas)) for site, personas in by_site],
        )
        # Browsers apply form-action to the redirect that answers the form, too.
        policy = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {origin_of(grant.redirect_uri)}"
        )
        return HTMLResponse(page, headers={**_PAGE_HEADERS, "Content-Security-Policy": policy})

    async def _picked(self, request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin not in {None, "null", self._settings.url}:
            return PlainTextResponse("The form was not sent by this page.", 403)
        form = await request.form()
        handle = form.get(_PICKED)
        signed_in = self._signed_in(handle) if isinstance(handle, str) else None
        try:
            grant = self._server.get_consent_grant((request, form), signed_in)
        except OAuth2Error as error:
            return self._refusal(error)
        response: Response = self._server.create_authorization_response(
            grant.request, signed_in, grant
        )
        return self._with_issuer(response)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        response: Response = self._server.create_token_response((request, form))
        return response

    async def _end_session(self, request: Request) -> Response:
        """Sign a person out everywhere (OpenID Connect RP-Initiated Logout 1.0).

        Only an id token of ours says whom; without one nobody is signed out.
        """
        sent = request.query_params
        hint = self._server.read_id_token(sent.get("id_token_hint", ""))
        client_id = hint["aud"][0] if hint else sent.get("client_id")
        if hint:
            self._server.store.end_subject(hint["sub"])
        client = self._clients.get(client_id or "")
        if hint and client is not None:
            await tell(self._server, client, hint)
        target = sent.get("post_logout_redirect_uri")
        if client is None or target not in client.logout_uris:
            return PlainTextResponse("You are signed out.\n", headers=_PAGE_HEADERS)
        state = f"?state={quote(sent['state'], safe='')}" if "state" in sent else ""
        return Response(None, 303, headers={**_PAGE_HEADERS, "location": f"{target}{state}"})

    async def _mint(self, request: Request) -> Response:
        body = await request.json()
        signed_in = self._signed_in(body.get(_PICKED))
        if signed_in is None:
            return _mint_error("unknown persona")
        seconds = body.get("seconds", TOKEN_SECONDS)
        if not isinstance(seconds, int) or not 1 <= seconds <= TOKEN_SECONDS:
            return _mint_error(f"seconds must be between 1 and {TOKEN_SECONDS}")
        token = self._server.mint(signed_in, DEVELOPER_CLIENT, seconds)
        return JSONResponse({"access_token": token, "expires_in": seconds})

    async def _rotate(self, _request: Request) -> Response:
        self._keys.rotate()
        return JSONResponse(self._keys.public_set())

    async def _css(self, _request: Request) -> Response:
        return Response(self._style, media_type="text/css", headers=_PAGE_HEADERS)

    def _people(self) -> dict[str, Persona]:
        return {**self._personas, **load_synthetic_personas(self._settings.demo_file)}

    def _signed_in(self, handle: object) -> SignedIn | None:
        persona: Persona | None = self._people().get(handle) if isinstance(handle, str) else None
        return SignedIn(persona, clock.epoch_seconds()) if persona else None

    def _refusal(self, error: OAuth2Error) -> Response:
        """Send the error to the client if its redirect URI is known good, else show it here."""
        status, _, headers = error()
        if error.redirect_uri:
            return self._with_issuer(Response(None, status, headers=dict(headers)))
        text = f"The sign-in request cannot be used: {error.description or error.error}\n"
        return PlainTextResponse(text, status, headers=_PAGE_HEADERS)

    def _with_issuer(self, response: Response) -> Response:
        """Add `iss` to the redirect (RFC 9207), so that a client knows who answers."""
        location = response.headers.get("location")
        if location is not None:
            mark = "&" if "?" in location else "?"
            response.headers["location"] = (
                f"{location}{mark}iss={quote(self._settings.issuer, safe='')}"
            )
        return response


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _mint_error(description: str) -> Response:
    return JSONResponse({"error": "invalid_request", "error_description": description}, 400)
