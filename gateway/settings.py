"""The gateway's settings, read once in ``app.py``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from infra.settings import Address, Environment, Secret, SettingsError, read_patience

_MOST = 1e9
SUBGRAPHS = ("participants", "consent", "cases", "training")


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """What the console needs; without ``GT_CONSOLE_CLIENT_ID`` there is none.

    Attributes:
        public_url: where browsers reach the gateway, without a path.
        client_id: of the console at the issuer; a confidential client.
        client_secret: its secret.
        issuer_url: where the issuer's metadata is discovered.
        key: 32 bytes in base64 that seal sessions into cookies.
        is_secure: whether browsers come over TLS; only development on loopback does without.
        is_production: no developer pages when true.
    """

    public_url: str
    client_id: str
    client_secret: Secret
    issuer_url: str
    key: Secret
    is_secure: bool
    is_production: bool


@dataclass(frozen=True, slots=True)
class Rates:
    """How often one gateway process may be asked, in requests a second unless said."""

    per_subject: float = 50
    per_client: float = 500
    per_address: float = 500
    lookups_per_minute: float = 30


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What the gateway needs to start.

    Attributes:
        instance: name of this process; names its lanes of the ledger.
        bind: public address.
        metrics_bind: private address of ``/metrics``.
        subgraphs: address of each service by name.
        issuers: JSON list of accepted OIDC issuers (``gateway.identity.issuers``).
        key_dir: folder of the private key that signs internal tokens.
        public_key_dir: folder where its public key is published.
        is_production: no developer pages when true.
        trace_ratio: share of traces sampled, when a collector is configured.
        console: settings of the console, None for a gateway without one.
        public_url: where clients reach the gateway; DPoP proofs name it.
        certificate_header: header in which the TLS terminator hands over client certificates.
        supergraph: file to follow instead of the committed supergraph.
        supergraph_poll_seconds: how often to look whether that file has changed.
        cors_origins: origins whose pages may call the API from a browser.
        max_cost: objects that one answer may have by estimate.
        rates: how much one person, application and address may ask.
        operations_dir: folder of signed manifests of persisted operations.
        operations_key: file of the public key that they are signed with.
        allows_texts: whether an application with a manifest may send other documents too.
        step_up: JSON of what sign-in sensitive categories need (``gateway.identity.step_up``).
        patience: see ``infra.settings.read_patience``.
    """

    instance: str
    bind: Address
    metrics_bind: Address
    subgraphs: Mapping[str, Address]
    issuers: str
    key_dir: Path
    public_key_dir: Path
    is_production: bool
    log_level: str
    otlp_endpoint: str | None
    trace_ratio: float
    console: ConsoleSettings | None = None
    public_url: str | None = None
    certificate_header: str | None = None
    supergraph: Path | None = None
    supergraph_poll_seconds: float = 5.0
    max_cost: int = 10_000
    cors_origins: str | None = None
    rates: Rates = field(default_factory=Rates)
    step_up: str | None = None
    operations_dir: Path | None = None
    operations_key: Path | None = None
    allows_texts: bool = False
    patience: float = 1.0


def read_settings(environment: Environment | None = None) -> GatewaySettings:
    """Read the gateway's settings from the environment.

    Raises:
        SettingsError: one is missing or malformed.
    """
    env = environment or Environment()
    is_production = env.text("GT_ENVIRONMENT", "production") != "development"
    return GatewaySettings(
        instance=env.text("GT_SERVICE_INSTANCE", "gateway-0"),
        bind=env.address("GT_BIND"),
        metrics_bind=env.address("GT_METRICS_BIND"),
        subgraphs=MappingProxyType(
            {name: env.address(f"GT_{name.upper()}_ADDRESS") for name in SUBGRAPHS}
        ),
        issuers=env.text("GT_ISSUERS"),
        key_dir=env.path("GT_KEY_DIR"),
        public_key_dir=env.path("GT_PUBLIC_KEY_DIR"),
        is_production=is_production,
        log_level=env.text("GT_LOG_LEVEL", "INFO"),
        otlp_endpoint=env.optional("GT_OTLP_ENDPOINT"),
        trace_ratio=env.number("GT_TRACE_RATIO", 0.01),
        console=_read_console(env, is_production=is_production),
        public_url=env.optional("GT_PUBLIC_URL"),
        certificate_header=env.optional("GT_CLIENT_CERT_HEADER"),
        supergraph=_read_supergraph(env),
        supergraph_poll_seconds=_read_poll(env),
        max_cost=_read_max_cost(env),
        cors_origins=env.optional("GT_CORS_ORIGINS"),
        rates=_read_rates(env),
        step_up=env.optional("GT_STEP_UP"),
        operations_dir=_optional_path(env, "GT_OPERATIONS_DIR"),
        operations_key=_optional_path(env, "GT_OPERATIONS_KEY"),
        allows_texts=not is_production,
        patience=read_patience(env),
    )


def _optional_path(env: Environment, name: str) -> Path | None:
    value = env.optional(name)
    return None if value is None else Path(value)


def _read_supergraph(env: Environment) -> Path | None:
    path = env.optional("GT_SUPERGRAPH")
    return Path(path) if path is not None else None


def _read_poll(env: Environment) -> float:
    seconds = env.number("GT_SUPERGRAPH_POLL_SECONDS", 5.0)
    if not 0.1 <= seconds <= 3600:
        raise SettingsError("GT_SUPERGRAPH_POLL_SECONDS must be from 0.1 to 3600")
    return seconds


def _read_max_cost(env: Environment) -> int:
    most = env.number("GT_MAX_COST", 10_000)
    if not 1 <= most <= _MOST:
        raise SettingsError("GT_MAX_COST must be 1 or more")
    return int(most)


def _read_rates(env: Environment) -> Rates:
    def rate(name: str, default: float) -> float:
        value = env.number(name, default)
        if not 0 < value <= _MOST:
            raise SettingsError(f"{name} must be more than 0")
        return value

    return Rates(
        per_subject=rate("GT_RATE_PER_SUBJECT", 50),
        per_client=rate("GT_RATE_PER_CLIENT", 500),
        per_address=rate("GT_RATE_PER_ADDRESS", 500),
        lookups_per_minute=rate("GT_LOOKUPS_PER_MINUTE", 30),
    )


def _read_console(env: Environment, *, is_production: bool) -> ConsoleSettings | None:
    client_id = env.optional("GT_CONSOLE_CLIENT_ID")
    if client_id is None:
        return None
    public_url = env.text("GT_PUBLIC_URL").rstrip("/")
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise SettingsError("GT_PUBLIC_URL must be https://host[:port]")
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme == "http" and (is_production or not is_local):
        raise SettingsError(
            "GT_PUBLIC_URL must be https; plain http is for development on loopback"
        )
    return ConsoleSettings(
        public_url=public_url,
        client_id=client_id,
        client_secret=env.secret("GT_CONSOLE_CLIENT_SECRET"),
        issuer_url=env.text("GT_CONSOLE_ISSUER_URL").rstrip("/"),
        key=env.secret("GT_CONSOLE_KEY"),
        is_secure=parts.scheme == "https",
        is_production=is_production,
    )
