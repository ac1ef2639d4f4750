"""Composition root: the parts of the consent service put together."""

from starlette.applications import Starlette

from infra.events import EventFeed
from infra.indicators.groups import RemoteGroups
from infra.indicators.publishing import Publisher
from infra.signing_keys import SigningKeys
from infra.subgraph_app import Chassis, create_app
from svc_consent import subgraph
from svc_consent.agencies import endpoints as directory
from svc_consent.authority.endpoints import AuthorityEndpoints
from svc_consent.authority.feed import ChangeFeed
from svc_consent.authority.recovery import Recovery, RefuseUntilRecovered
from svc_consent.bindings import endpoints as bindings
from svc_consent.disclosures import endpoints as disclosures
from svc_consent.disclosures import holds
from svc_consent.disclosures.heads import PINNED_KEYS, HeadSigner
from svc_consent.hot_pool import FEED, HotPool
from svc_consent.indicators.counted import ConsentFigures, TablesByPeople
from svc_consent.rates import endpoints as rates
from svc_consent.sign_outs import endpoints as sign_outs
from svc_consent.webhooks import endpoints as webhooks

_FEED_CONNECTIONS = 4  # readers are few (each service, each gateway process) and ask in turn


def app(chassis: Chassis) -> Starlette:
    """Return the application of the consent service."""
    settings = chassis.settings
    pool = HotPool(
        settings.database_dsn,
        application_name=settings.instance,
        size=settings.pool_size,
        slower=settings.patience,
    )
    feed_pool = HotPool(
        settings.database_dsn,
        application_name=settings.instance,
        size=_FEED_CONNECTIONS,
        patience=FEED,
    )
    pool.observe(settings.service)
    feed_pool.observe(settings.service)
    feed = ChangeFeed(settings.database_dsn, feed_pool)
    keys = SigningKeys(settings.service, settings.key_dir, settings.public_key_dir)
    signer = HeadSigner(pool, keys, settings.key_dir / PINNED_KEYS)
    authority = AuthorityEndpoints(chassis, pool, feed)
    recovery = Recovery(chassis.database)
    events = EventFeed(chassis)
    address = settings.participants_address
    groups = None if address is None else RemoteGroups(address.text, chassis.minter)
    by_people = None if groups is None else TablesByPeople(groups)
    publisher = Publisher(chassis.database, ConsentFigures(groups), by_people)
    built = create_app(
        chassis,
        subgraph.schema(),
        routes=[
            *directory.routes(chassis, pool),
            *authority.routes(),
            *bindings.routes(chassis),
            *disclosures.routes(chassis, pool, signer),
            *holds.routes(chassis),
            *webhooks.routes(chassis, pool),
            *rates.routes(chassis, pool),
            *sign_outs.routes(chassis, pool),
            *events.routes(),
        ],
        on_start=[
            recovery.start,
            pool.start,
            feed_pool.start,
            feed.start,
            signer.start,
            publisher.start,
            events.start,
        ],
        on_stop=[
            events.stop,
            publisher.stop,
            *([] if groups is None else [groups.close]),
            signer.stop,
            feed.stop,
            feed_pool.stop,
            pool.stop,
            recovery.stop,
        ],
        on_stopping=[feed.release, events.release],
        is_ready=recovery.is_ready,
    )
    built.add_middleware(RefuseUntilRecovered, recovery=recovery)
    return built
