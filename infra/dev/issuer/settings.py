"""The issuer's settings; it refuses to be anything but a development tool on the loopback."""

from dataclasses import dataclass
from pathlib import Path

from infra.settings import Address, Environment, SettingsError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "[::1]", "localhost"})


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """What the issuer needs to start.

    Attributes:
        issuer: the issuer identifier, claim `iss`.
        url: where it listens, for the endpoints in its metadata.
        audience: claim `aud` of access tokens.
        bind: loopback address of the public endpoints.
        private_bind: Unix socket of the mint, for the `token` command.
        key_dir: folder of the signing keys.
        demo_file: the personas.
        clients_file: the registered clients, with their secrets.
    """

    issuer: str
    url: str
    audience: str
    bind: Address
    private_bind: Address
    key_dir: Path
    demo_file: Path
    clients_file: Path


def read_issuer_settings(environment: Environment) -> IssuerSettings:
    """Read the settings. Raises SettingsError, also in production and on a public address."""
    if environment.text("GT_ENVIRONMENT", "production") != "development":
        message = (
            "the development issuer hands out tokens to anybody and runs only with "
            "GT_ENVIRONMENT=development; in production use your own identity provider"
        )
        raise SettingsError(message)
    bind = environment.address("GT_BIND")
    if bind.host_port is None or bind.host_port[0] not in _LOOPBACK:
        message = "GT_BIND of the development issuer must be a loopback address, tcp:127.0.0.1:PORT"
        raise SettingsError(message)
    private_bind = environment.address("GT_ISSUER_PRIVATE_BIND")
    if private_bind.unix_path is None:
        message = "GT_ISSUER_PRIVATE_BIND must be a Unix socket"
        raise SettingsError(message)
    return IssuerSettings(
        issuer=environment.text("GT_ISSUER"),
        url=environment.text("GT_ISSUER_URL"),
        audience=environment.text("GT_ISSUER_AUDIENCE"),
        bind=bind,
        private_bind=private_bind,
        key_dir=environment.path("GT_KEY_DIR"),
        demo_file=environment.path("GT_DEMO_FILE"),
        clients_file=environment.path("GT_ISSUER_CLIENTS"),
    )
