"""The gateway's settings, read once in ``app.py``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from infra.settings import Address, Environment

SUBGRAPHS = ("participants", "consent", "cases", "training")


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


def read_settings(environment: Environment | None = None) -> GatewaySettings:
    """Read the gateway's settings from the environment.

    Raises:
        SettingsError: one is missing or malformed.
    """
    env = environment or Environment()
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
        is_production=env.text("GT_ENVIRONMENT", "production") != "development",
        log_level=env.text("GT_LOG_LEVEL", "INFO"),
        otlp_endpoint=env.optional("GT_OTLP_ENDPOINT"),
        trace_ratio=env.number("GT_TRACE_RATIO", 0.01),
    )
