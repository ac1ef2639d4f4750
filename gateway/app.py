"""Composition root: settings in, ASGI application out; the only file that knows every part."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from gateway.calendar_client import CalendarClient
from gateway.caller import InternalTokens
from gateway.community_client import CommunityClient
from gateway.consent_client import ConsentClient
from gateway.generations import Generations, load_generation
from gateway.identity import AccessTokenVerifier, PossessionCheck, parse_issuers
from gateway.identity.logout_token import LogoutTokenVerifier
from gateway.identity.step_up import parse_step_up
from gateway.limits.budget import Budget
from gateway.limits.rate import Rate
from gateway.limits.shared_rates import SharedRates
from gateway.limits.traffic import Traffic, TrafficLimits, packaged_rules
from gateway.persisted import PersistedDocuments
from gateway.persisted.documents import read_key
from gateway.pipeline import GraphQLRequest, Pipeline
from gateway.policy.packaged import packaged_path, packaged_sdl
from gateway.prepare import Preparer
from gateway.readiness import Readiness
from gateway.release.decisions import DecisionCache
from gateway.release.directory import DirectoryCache
from gateway.release.feed import ChangeFeed
from gateway.release.gate import ReleaseGate
from gateway.rounds import Rounds
from gateway.settings import GatewaySettings, Rates
from gateway.subgraph_calls import SubgraphCalls
from gateway.subscriptions import ChangeHub, EventSources, StreamOpener, packaged_fields
from gateway.supergraph_file import SupergraphFollower
from gateway.warm_up import keep_warm, recent
from gateway.web.console.app import Console
from gateway.web.console.sealing import derive
from gateway.web.console.sealing import read_key as read_console_key
from gateway.web.credentials import CredentialsReader
from gateway.web.cross_origin import CrossOrigin, parse_origins
from gateway.web.doors.calendar_feed import CalendarFeed
from gateway.web.doors.community import CommunityDoor
from gateway.web.doors.court import CourtDoors
from gateway.web.doors.orders import OrderDoors
from gateway.web.doors.own_record import OwnRecordDoor
from gateway.web.doors.routes import Doors
from gateway.web.doors.scim import ScimDoor
from gateway.web.doors.training import TrainingDoors
from gateway.web.event_socket import EventSocketEndpoint
from gateway.web.event_stream import EventStreamEndpoint
from gateway.web.graphql_endpoint import GraphQLEndpoint
from gateway.web.middleware import BodyLimit, SecurityHeaders
from gateway.web.schema_download import schema_download
from gateway.webhooks import WebhookSender
from infra.http_client import HttpClient
from infra.identity_token import GATEWAY_ISSUER, TokenMinter
from infra.settings import SettingsError
from infra.signing_keys import SigningKeys

MANIFESTS_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """What lives as long as the process."""

    pipeline: Generations
    budget: Budget
    verifier: AccessTokenVerifier
    feed: ChangeFeed
    gate: ReleaseGate
    consent_http: HttpClient
    consent: ConsentClient
    calls: SubgraphCalls
    traffic: Traffic
    shared: SharedRates
    documents: PersistedDocuments
    sdl: str
    community: CommunityClient
    calendars: CalendarClient
    minter: TokenMinter
    addresses: Mapping[str, str]


def build_parts(settings: GatewaySettings) -> GatewayParts:
    """Build the gateway from its settings.

    Raises:
        GoldenThreadError: a setting, the supergraph or the policy is not acceptable.
    """
    usual = Budget(cost=settings.max_cost)
    budget = replace(usual, request_seconds=usual.request_seconds * settings.patience)
    sdl = _sdl(settings)
    preparer = load_generation(sdl, budget, settings.subgraphs)
    keys = SigningKeys(GATEWAY_ISSUER, settings.key_dir, settings.public_key_dir)
    minter = TokenMinter(keys)
    consent_http = HttpClient(settings.subgraphs["consent"].text)
    consent = ConsentClient(consent_http, minter, settings.patience)
    decisions = DecisionCache()
    directory = DirectoryCache(consent)
    feed = ChangeFeed(consent, decisions, directory)
    gate = ReleaseGate(consent, settings.instance, patience=settings.patience)
    addresses = {name: address.text for name, address in settings.subgraphs.items()}
    calls = SubgraphCalls(addresses, InternalTokens(minter), budget)
    issuers = parse_issuers(settings.issuers)
    verifier = AccessTokenVerifier(issuers)
    possession = PossessionCheck(settings.public_url, issuers)
    shared = SharedRates(consent, settings.instance)
    traffic = Traffic(packaged_rules(preparer.supergraph), _limits(settings.rates), shared)
    rounds = Rounds(calls, consent, decisions, gate, settings.patience)
    step_up = parse_step_up(settings.step_up)
    documents = _persisted(settings)
    pipeline = Pipeline(
        verifier, directory, preparer, rounds, feed, possession, traffic, step_up, documents
    )
    generations = Generations(pipeline)
    return GatewayParts(
        generations,
        budget,
        verifier,
        feed,
        gate,
        consent_http,
        consent,
        calls,
        traffic,
        shared,
        documents,
        sdl,
        CommunityClient(HttpClient(addresses["participants"]), minter),
        CalendarClient(HttpClient(addresses["training"]), minter),
        minter,
        addresses,
    )


def check_settings(settings: GatewaySettings) -> None:
    """Read all that the settings name, without opening a connection or making a key.

    Raises:
        GoldenThreadError: something is not acceptable; the gateway would not start.
    """
    load_generation(_sdl(settings), Budget(), settings.subgraphs)
    PossessionCheck(settings.public_url, parse_issuers(settings.issuers))
    parse_step_up(settings.step_up)
    _persisted(settings)


def _limits(rates: Rates) -> TrafficLimits:
    return TrafficLimits(
        subject=Rate(rates.per_subject, max(1.0, 4 * rates.per_subject)),
        client=Rate(rates.per_client, max(1.0, 4 * rates.per_client)),
        address=Rate(rates.per_address, max(1.0, 4 * rates.per_address)),
        lookup=Rate(rates.lookups_per_minute / 60, max(1.0, rates.lookups_per_minute)),
    )


def _persisted(settings: GatewaySettings) -> PersistedDocuments:
    """Return the applications' manifests; the folder and the key come together."""
    if (settings.operations_dir is None) != (settings.operations_key is None):
        raise SettingsError("GT_OPERATIONS_DIR and GT_OPERATIONS_KEY are set together")
    if settings.operations_dir is None or settings.operations_key is None:
        return PersistedDocuments()
    documents = PersistedDocuments(
        settings.operations_dir,
        read_key(settings.operations_key),
        allows_texts=settings.allows_texts,
    )
    documents.refresh()
    return documents


async def _follow(documents: PersistedDocuments) -> None:
    """Take new manifests as they come."""
    while True:
        await asyncio.sleep(MANIFESTS_EVERY_SECONDS)
        documents.refresh()


def _sdl(settings: GatewaySettings) -> str:
    if settings.supergraph is None:
        return packaged_sdl()
    try:
        return settings.supergraph.read_text(encoding="utf-8")
    except OSError:
        raise SettingsError("GT_SUPERGRAPH names a file that cannot be read") from None


def _follower(settings: GatewaySettings, parts: GatewayParts) -> SupergraphFollower[Preparer]:
    """Follow the supergraph's file, the committed one too: SIGHUP looks at it again."""
    generations = parts.pipeline

    def load(sdl: str) -> Preparer:
        asked = recent(generations.preparer)
        texts = parts.documents.texts
        return load_generation(sdl, parts.budget, settings.subgraphs, asked, texts)

    return SupergraphFollower(
        settings.supergraph or packaged_path(),
        load,
        generations.swap,
        applied=parts.sdl,
        poll_seconds=settings.supergraph_poll_seconds,
    )


def _page_key(settings: GatewaySettings) -> bytes | None:
    """Return the key of the community form's pages; without the console's, one of this process."""
    if settings.console is None:
        return None
    return derive(read_console_key(settings.console.key), "refer")


_A_CENTURY_SECONDS = 100 * 365 * 24 * 3600


def _badge_keys(settings: GatewaySettings) -> SigningKeys:
    """Return the key that signs badges: apart from internal tokens', and never rotated."""
    folder = settings.key_dir / "badges"
    return SigningKeys("badges", folder, folder / "public", _A_CENTURY_SECONDS)


def create_app(settings: GatewaySettings) -> Starlette:
    """Return the gateway's application."""
    parts = build_parts(settings)

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    readiness = Readiness(parts.feed, parts.verifier)

    async def ready(_request: Request) -> Response:
        if await readiness.is_ready():
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "starting"}, 503)

    async def bind(request: GraphQLRequest, code: str) -> bool:
        verified = await parts.pipeline.identify(request)
        if verified.service_purpose is not None:
            return False  # a back end is nobody's login
        who = verified.issuer_alias, verified.subject
        return await parts.consent.use_binding_code(*who, code)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        follower = _follower(settings, parts)
        async with AsyncExitStack() as running:
            for each in (
                parts.verifier, parts.calls, parts.consent_http, parts.community, parts.calendars,
            ):  # fmt: skip
                running.push_async_callback(each.close)
            if console is not None and logout is not None:
                running.push_async_callback(console.close)
                running.push_async_callback(logout.close)
            for part in (
                parts.feed, parts.gate, hub, sources, webhooks, follower, parts.shared,
            ):  # fmt: skip
                part.start()
                running.push_async_callback(part.stop)
            warming = keep_warm(lambda: parts.pipeline.preparer, parts.documents.texts)
            for name, work in (("manifests", _follow(parts.documents)), ("warm-up", warming)):
                running.callback(asyncio.create_task(work, name=name).cancel)
            with suppress(RuntimeError, ValueError):  # only the main thread hears signals
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, follower.look_now)
            yield

    webhooks = WebhookSender(
        parts.consent_http, parts.minter, allows_loopback=not settings.is_production
    )
    credentials = CredentialsReader(settings.certificate_header, parts.traffic)
    endpoint = GraphQLEndpoint(
        parts.pipeline,
        parts.budget.body_bytes,
        credentials,
        shows_plans=not settings.is_production,
    )
    hub, fields = ChangeHub(), packaged_fields()
    parts.feed.listen(hub.changed)
    parts.feed.listen(webhooks.changed)
    clients = {name: HttpClient(address) for name, address in parts.addresses.items()}
    sources = EventSources(clients, parts.minter, parts.feed, hub, fields)
    opener = StreamOpener(parts.pipeline, hub, fields, sources)
    streams = EventStreamEndpoint(endpoint, opener)
    origins = parse_origins(settings.cors_origins)
    sockets = EventSocketEndpoint(opener, credentials, origins)
    training = TrainingDoors(parts.pipeline, credentials, _badge_keys(settings))
    console = logout = None
    if settings.console is not None:
        issuers = parse_issuers(settings.issuers)
        accepted = [each.issuer for each in issuers]
        logout = LogoutTokenVerifier(issuers, settings.console.client_id)
        console = Console(parts.pipeline, settings.console, accepted, logout.verify, parts.consent)
    app = Starlette(
        routes=[
            Route("/graphql", endpoint.__call__, methods=["POST"]),
            Route("/schema.graphql", schema_download(parts.pipeline, credentials), methods=["GET"]),
            Route("/subscriptions", streams.__call__, methods=["POST"]),
            WebSocketRoute("/subscriptions", sockets.__call__),
            Route("/health/live", live, methods=["GET"]),
            Route("/health/ready", ready, methods=["GET"]),
            *Doors(parts.pipeline, credentials, bind).routes(),
            *CourtDoors(parts.pipeline, credentials).routes(),
            *OrderDoors(parts.pipeline, credentials).routes(),
            *OwnRecordDoor(parts.pipeline, credentials).routes(),
            *ScimDoor(parts.pipeline, credentials).routes(),
            *CommunityDoor(parts.community, _page_key(settings), parts.shared).routes(),
            *CalendarFeed(parts.calendars, parts.shared).routes(),
            *training.routes(),
            *(console.routes(training.badge_of) if console else ()),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(CrossOrigin, origins=origins),
            Middleware(BodyLimit),
        ],
        lifespan=lifespan,
    )
    app.state.on_stopping = (hub.end_streams,)
    app.state.hub = hub
    app.state.takes_sockets = True
    return app
