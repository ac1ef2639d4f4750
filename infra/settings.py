"""Environment to frozen dataclass, once, in ``app.py``; passed down from there.

No secret has a default: a program without its secret does not start. ``Secret`` never prints.
Every setting is listed in ``infra/docs/settings.md``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.errors import GoldenThreadError


class SettingsError(GoldenThreadError):
    """A setting is missing or malformed. The message names the setting, never its value."""

    code = "SETTINGS"


_MOST_PATIENCE = 1_000
_PARTICIPANTS = "GT_PARTICIPANTS_ADDRESS"
_SPLIT_BY_PEOPLE = frozenset({"cases", "consent"})


class Secret:
    """A value that must not be shown. ``reveal()`` is the only way to read it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself; call it only where it is handed to a library."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not serialised")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: ``unix:/path/to.sock`` or ``tcp:host:port``."""

    text: str

    @property
    def unix_path(self) -> str | None:
        """Return the socket's path, or None for TCP."""
        return self.text.removeprefix("unix:") if self.text.startswith("unix:") else None

    @property
    def host_port(self) -> tuple[str, int] | None:
        """Return host and port, or None for a Unix socket."""
        if self.unix_path is not None:
            return None
        host, _, port = self.text.removeprefix("tcp:").rpartition(":")
        return host, int(port)


def parse_address(name: str, text: str) -> Address:
    """Check an address setting.

    Raises:
        SettingsError: neither ``unix:/absolute/path`` nor ``tcp:host:port``.
    """
    if text.startswith("unix:/") and len(text) > len("unix:/"):
        return Address(text)
    if text.startswith("tcp:"):
        host, _, port = text.removeprefix("tcp:").rpartition(":")
        if host and port.isdigit() and 0 <= int(port) <= 65535:
            return Address(text)
    raise SettingsError(f"{name} must be unix:/absolute/path or tcp:host:port")


class Environment:
    """Reader of one set of environment variables, with errors that name the variable."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = dict(os.environ if variables is None else variables)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text setting.

        Raises:
            SettingsError: absent or empty, and no default given.
        """
        value = self._variables.get(name, "")
        if value:
            return value
        if default is None:
            raise SettingsError(f"{name} is not set")
        return default

    def optional(self, name: str) -> str | None:
        """Return a text setting, or None when it is absent or empty."""
        return self._variables.get(name) or None

    def secret(self, name: str) -> Secret:
        """Return a secret; there is no default.

        Raises:
            SettingsError: absent or empty.
        """
        return Secret(self.text(name))

    def integer(self, name: str, default: int) -> int:
        """Return a whole number.

        Raises:
            SettingsError: not a whole number.
        """
        value = self.text(name, str(default))
        try:
            return int(value)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number") from None

    def number(self, name: str, default: float) -> float:
        """Return a decimal number.

        Raises:
            SettingsError: not a number.
        """
        value = self.text(name, str(default))
        try:
            return float(value)
        except ValueError:
            raise SettingsError(f"{name} must be a number") from None

    def path(self, name: str) -> Path:
        """Return a path setting.

        Raises:
            SettingsError: absent, or not absolute.
        """
        value = Path(self.text(name))
        if not value.is_absolute():
            raise SettingsError(f"{name} must be an absolute path")
        return value

    def address(self, name: str) -> Address:
        """Return an address setting.

        Raises:
            SettingsError: absent or malformed.
        """
        return parse_address(name, self.text(name))


def read_patience(env: Environment) -> float:
    """Return how many times as long as promised programs may wait for each other.

    A machine that is slower than its work refuses honestly where the promised times run out; a
    test of something else gives it more. Never in production: there the times are promises.

    Raises:
        SettingsError: less than 1, more than 1,000, or not 1 in production.
    """
    patience = env.number("GT_PATIENCE", 1.0)
    if not 1 <= patience <= _MOST_PATIENCE:
        raise SettingsError(f"GT_PATIENCE must be from 1 to {_MOST_PATIENCE}")
    if patience != 1 and env.text("GT_ENVIRONMENT", "production") != "development":
        raise SettingsError("GT_PATIENCE is for development: in production its times are promised")
    return patience


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What each of the four services needs to start.

    Attributes:
        service: name without ``svc_``, for example ``participants``; also the token audience.
        instance: distinguishes replicas in logs and metrics.
        bind: where the subgraph listens; only the gateway reaches it.
        metrics_bind: private address of ``/metrics``.
        database_dsn: runtime role, ``postgresql://`` form.
        key_dir: folder of this program's own private signing keys.
        public_key_dir: folder with everybody's public keys, one JWK a file.
        consent_address: where ``svc_consent`` listens (feed of authority facts).
        cursor_key: 32 bytes, base64; seals page cursors.
        is_production: no developer conveniences when true.
        otlp_endpoint: OTLP over HTTP collector, or None for no export.
        pool_size: database connections at most.
        narrowing_journal: folder, on a volume of its own, of the journal of authority changes;
            ``svc_consent`` only.
        patience: see ``read_patience``.
        participants_address: where ``svc_participants`` listens; for ``svc_cases``, whose figures
            count and split people that it asks for there, and ``svc_consent``, whose figures are
            counted there by groups of people. None: none of it is done.
        instruments_dir: the operator's folder of further instruments of assessment;
            ``svc_participants`` only.
    """

    service: str
    instance: str
    bind: Address
    metrics_bind: Address
    database_dsn: Secret
    key_dir: Path
    public_key_dir: Path
    consent_address: Address
    cursor_key: Secret
    is_production: bool
    log_level: str
    otlp_endpoint: str | None
    pool_size: int
    narrowing_journal: Path | None = None
    patience: float = 1.0
    participants_address: Address | None = None
    instruments_dir: Path | None = None


def read_service_settings(service: str, environment: Environment | None = None) -> ServiceSettings:
    """Read a service's settings from the environment.

    Raises:
        SettingsError: one is missing or malformed.
    """
    env = environment or Environment()
    return ServiceSettings(
        service=service,
        instance=env.text("GT_SERVICE_INSTANCE", f"{service}-0"),
        bind=env.address("GT_BIND"),
        metrics_bind=env.address("GT_METRICS_BIND"),
        database_dsn=env.secret("GT_DATABASE_DSN"),
        key_dir=env.path("GT_KEY_DIR"),
        public_key_dir=env.path("GT_PUBLIC_KEY_DIR"),
        consent_address=env.address("GT_CONSENT_ADDRESS"),
        cursor_key=env.secret("GT_CURSOR_KEY"),
        is_production=env.text("GT_ENVIRONMENT", "production") != "development",
        log_level=env.text("GT_LOG_LEVEL", "INFO"),
        otlp_endpoint=env.optional("GT_OTLP_ENDPOINT"),
        pool_size=env.integer("GT_DATABASE_POOL_SIZE", 8),
        narrowing_journal=(
            env.path("GT_NARROWING_JOURNAL") if env.optional("GT_NARROWING_JOURNAL") else None
        ),
        patience=read_patience(env),
        participants_address=(
            env.address(_PARTICIPANTS)
            if service in _SPLIT_BY_PEOPLE and env.optional(_PARTICIPANTS)
            else None
        ),
        instruments_dir=(
            env.path("GT_INSTRUMENTS_DIR")
            if service == "participants" and env.optional("GT_INSTRUMENTS_DIR")
            else None
        ),
    )
