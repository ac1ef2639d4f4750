"""What travels between machines travels encrypted: settings, and the public certificate."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from infra import clock
from infra.cli.doctor.deployment import (
    GATEWAY,
    Deployment,
    Program,
    database_address,
    is_local_host,
    issuers_of,
)
from infra.cli.doctor.findings import Finding, fail, ok, warn

_CHECK = "tls"
_SOON_DAYS = 21
_TIMEOUT_SECONDS = 5.0


def security(deployment: Deployment) -> list[Finding]:
    """Look at every address that a setting names."""
    found: list[Finding] = []
    for program in deployment.programs:
        of_it = [*_database(program), *_gateway(program)]
        found += of_it or [ok(_CHECK, program.name, "nothing leaves this machine unencrypted")]
    return found


def _database(program: Program) -> Iterator[Finding]:
    for setting in ("GT_DATABASE_DSN", "GT_DATABASE_OWNER_DSN"):
        if not program.setting(setting):
            continue
        try:
            address = database_address(program.setting(setting))
        except ValueError:
            yield fail(
                _CHECK, program.name, f"{setting} is not a postgresql:// address",
                "write it as postgresql://role:password@host/database?sslmode=verify-full",
            )  # fmt: skip
            continue
        mode = address.tls or program.setting("PGSSLMODE")
        if address.is_local or mode == "verify-full":
            continue
        advice = f"add ?sslmode=verify-full&sslrootcert=/path/ca.pem to {setting}"
        if mode in ("require", "verify-ca"):
            message = f"the database server's name is not verified (sslmode={mode})"
            yield warn(_CHECK, program.name, message, advice)
        else:
            message = "the way to the database may be unencrypted"
            yield fail(_CHECK, program.name, message, advice)


def _gateway(program: Program) -> Iterator[Finding]:
    if program.name != GATEWAY:
        return
    for entry in issuers_of(program):
        uri = urlsplit(str(entry.get("jwks_uri", "")))
        if uri.scheme != "https" and not is_local_host(uri.hostname):
            yield fail(
                _CHECK, f"issuer {entry.get('alias')}", "its keys are fetched without TLS",
                "name an https:// jwks_uri in GT_ISSUERS",
            )  # fmt: skip
    url = urlsplit(program.setting("GT_PUBLIC_URL"))
    if not program.setting("GT_PUBLIC_URL"):
        if program.is_production:
            yield warn(
                _CHECK, GATEWAY, "GT_PUBLIC_URL is not set",
                "set it: clients' proofs of possession (DPoP) name it",
            )  # fmt: skip
    elif url.scheme == "https":
        yield _certificate(url.hostname or "", url.port or 443)
    elif program.is_production or not is_local_host(url.hostname):
        yield fail(
            _CHECK, GATEWAY, "GT_PUBLIC_URL is not https",
            "put a TLS terminator before the gateway and name its https:// address",
        )  # fmt: skip
    if program.is_production:
        yield from _services(program)


def _services(gateway: Program) -> Iterator[Finding]:
    far = [
        name
        for name, value in sorted(gateway.environment.items())
        if name.endswith("_ADDRESS")
        and value.startswith("tcp:")
        and not is_local_host(value.removeprefix("tcp:").rpartition(":")[0])
    ]
    if far:
        yield warn(
            _CHECK, GATEWAY, f"plain HTTP between machines: {', '.join(far)}",
            "only inside a network that encrypts (a mesh, WireGuard, encrypted CNI), and only "
            "where nothing but the gateway reaches the services",
        )  # fmt: skip


def _certificate(host: str, port: int) -> Finding:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    where = f"{host}:{port}"
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        advice = "renew the certificate, or install the authority that signed it"
        return fail(_CHECK, where, f"the certificate is refused: {error.verify_message}", advice)
    except (OSError, ssl.SSLError) as error:
        advice = "check name, port and the TLS terminator (TLS 1.2 or newer)"
        return fail(_CHECK, where, f"no TLS connection: {type(error).__name__}", advice)
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (until - clock.now()).days
    if days < _SOON_DAYS:
        return warn(_CHECK, where, f"the certificate ends in {days} days", "renew it now")
    return ok(_CHECK, where, f"the certificate is good for {days} days")
