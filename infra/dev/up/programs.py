"""The programs of the platform and the settings that each of them gets."""

import base64
import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from infra.dev.private_files import keep_secret, new_password, write_private
from infra.dev.service_databases import ServiceDatabase
from infra.dev.up.balancer import NAME as BALANCER
from infra.dev.up.balancer import STOP_DELAY_SECONDS, configuration
from infra.dev.up.layout import Layout

SERVICES = ("consent", "participants", "cases", "training")
"""In the order in which they are migrated and seeded."""

AUDIENCE = "goldenthread-api"
ISSUER_ALIAS = "dev"
"""Under which the directory knows accounts of the dev issuer."""
CONSOLE_CLIENT = "goldenthread-console"
ISSUER = "issuer"
GATEWAY = "gateway"
METERED = (*SERVICES, GATEWAY)
"""Programs that serve their metrics on a private socket."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process: `python -m MODULE` with `environment`, answering at `health`.

    `health` is ``unix:/path`` or ``tcp:127.0.0.1:8000``. Programs of a lower `stop_order` are
    stopped first.
    """

    name: str
    module: str
    environment: dict[str, str]
    health: str
    stop_order: int


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public addresses of one instance.

    `issuer` is the issuer identifier: it stays what it was at the first start of the data folder,
    because accounts are bound to it, also when the port is another now.
    """

    port: int
    issuer: str

    @property
    def gateway_url(self) -> str:
        """Where the API and the console are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer_url(self) -> str:
        """Where the issuer listens."""
        return f"http://127.0.0.1:{self.port + 1}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of each: gateways, and replicas of each service."""

    gateways: int = 1
    replicas: int = 1

    @property
    def is_balanced(self) -> bool:
        """Whether anything stands behind the balancer."""
        return self.gateways > 1 or self.replicas > 1


ALONE = Scale()


def planned(
    layout: Layout,
    addresses: Addresses,
    databases: dict[str, ServiceDatabase],
    scale: Scale = ALONE,
) -> list[Program]:
    """Return all programs in the order of starting; each service's first instance comes first."""
    first = [_service(layout, service, databases[service]) for service in SERVICES]
    programs = [*first, _issuer(layout, addresses), _gateway(layout, addresses)]
    if not scale.is_balanced:
        return programs
    more = [
        again(_service(layout, service, databases[service]), number)
        for number in range(1, scale.replicas)
        for service in SERVICES
    ]
    more += [again(_gateway(layout, addresses), number) for number in range(1, scale.gateways)]
    return balanced(layout, [*programs, *more], addresses)


def again(program: Program, number: int) -> Program:
    """Return one more instance of a program: its own name in logs, metrics and ledger lanes."""
    changed = {
        "GT_SERVICE_INSTANCE": program.environment["GT_SERVICE_INSTANCE"][:-1] + str(number),
        "GT_METRICS_BIND": numbered(program.environment["GT_METRICS_BIND"], number),
    }
    return replace(
        program,
        name=f"{program.name}.{number}",
        environment={**program.environment, **changed},
    )


def numbered(address: str, number: int) -> str:
    """Return the socket beside another one."""
    return f"{address.removesuffix('.sock')}.{number}.sock"


def balanced(layout: Layout, programs: list[Program], addresses: Addresses) -> list[Program]:
    """Put the balancer where gateway and services listened, and each instance on a socket."""
    fronts: dict[str, tuple[str, list[str]]] = {}
    placed: list[Program] = []
    for program in programs:
        front = program.name.partition(".")[0]
        if front == ISSUER:
            placed.append(program)
            continue
        address = program.environment["GT_BIND"]
        own = layout.socket(f"{front}.instance")
        _, instances = fronts.setdefault(front, (address, []))
        own = numbered(own, len(instances))
        instances.append(own)
        changed = {"GT_BIND": own, "GT_STOP_DELAY_SECONDS": str(STOP_DELAY_SECONDS)}
        placed.append(replace(program, environment={**program.environment, **changed}, health=own))
    file = layout.data_dir / "balancer.cfg"
    write_private(file, configuration(fronts))
    balancer = Program(
        name=BALANCER,
        module="infra.dev.up.balancer",
        environment={"GT_BALANCER_FILE": str(file)},
        health=f"tcp:127.0.0.1:{addresses.port}",
        stop_order=0,
    )
    return [*placed, balancer]


def _shared(layout: Layout, name: str) -> dict[str, str]:
    """Settings that every program has."""
    return {
        "GT_ENVIRONMENT": "development",
        "GT_LOG_LEVEL": "INFO",
        "GT_SERVICE_INSTANCE": f"{name}-0",
        "GT_METRICS_BIND": layout.socket(f"{name}.metrics"),
        "GT_KEY_DIR": str(layout.key_dir(name)),
        "GT_PUBLIC_KEY_DIR": str(layout.public_key_dir),
        "GT_CURSOR_KEY": keep_secret(layout.secret_file("cursor-key"), _new_key),
        **{each: os.environ[each] for each in _HANDED_ON if os.environ.get(each)},
    }


_HANDED_ON = ("GT_OTLP_ENDPOINT", "GT_TRACE_RATIO", "GT_PATIENCE")
"""Settings that a developer may give to `up`: a collector for traces, a machine that is slow."""


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


JOURNAL_VARIABLE = "GT_NARROWING_JOURNAL"


def journal_folder(data_dir: Path) -> Path:
    """Return where the journal of authority changes is: where the setting says, else in DIR.

    In DIR it survives a restore but not the disk; the setting names a folder on another volume.
    """
    named = os.environ.get(JOURNAL_VARIABLE)
    return Path(named) if named else data_dir / "journal"


def _service(layout: Layout, service: str, database: ServiceDatabase) -> Program:
    more = {}
    if service == "consent":
        more[JOURNAL_VARIABLE] = str(journal_folder(layout.data_dir))
    if service in ("cases", "consent"):  # their figures are split by groups of people
        more["GT_PARTICIPANTS_ADDRESS"] = layout.socket("participants")
    return Program(
        name=f"svc_{service}",
        module=f"svc_{service}",
        environment={
            **_shared(layout, service),
            "GT_BIND": layout.socket(service),
            "GT_DATABASE_DSN": database.runtime_dsn,
            "GT_CONSENT_ADDRESS": layout.socket("consent"),
            **more,
        },
        health=layout.socket(service),
        stop_order=3 if service == "consent" else 2,  # the others follow its feed
    )


def client_secret(layout: Layout) -> str:
    """Return the secret of the console, which is a confidential client of the issuer."""
    return keep_secret(layout.secret_file("console-client"), new_password)


def _gateway(layout: Layout, addresses: Addresses) -> Program:
    bind = f"tcp:127.0.0.1:{addresses.port}"
    issuer = {
        "alias": ISSUER_ALIAS,
        "issuer": addresses.issuer,
        "jwks_uri": f"{addresses.issuer_url}/jwks.json",
        "audience": AUDIENCE,
        "algorithms": ["RS256"],
        "claims": {"subject": "sub", "roles": "gt_roles"},
    }
    return Program(
        name=GATEWAY,
        module="gateway",
        environment={
            **_shared(layout, GATEWAY),
            "GT_BIND": bind,
            **{f"GT_{name.upper()}_ADDRESS": layout.socket(name) for name in SERVICES},
            "GT_ISSUERS": json.dumps([issuer]),
            "GT_PUBLIC_URL": addresses.gateway_url,
            # One machine is every client here, and tests are many people in a hurry.
            "GT_RATE_PER_SUBJECT": "500",
            "GT_RATE_PER_CLIENT": "5000",
            "GT_RATE_PER_ADDRESS": "5000",
            "GT_LOOKUPS_PER_MINUTE": "600",
            "GT_CONSOLE_CLIENT_ID": CONSOLE_CLIENT,
            "GT_CONSOLE_CLIENT_SECRET": client_secret(layout),
            "GT_CONSOLE_ISSUER_URL": addresses.issuer_url,
            "GT_CONSOLE_KEY": keep_secret(layout.secret_file("console-key"), _new_key),
        },
        health=bind,
        stop_order=1,
    )


def _issuer(layout: Layout, addresses: Addresses) -> Program:
    bind = f"tcp:127.0.0.1:{addresses.port + 1}"
    return Program(
        name=ISSUER,
        module="infra.dev.issuer",
        environment={
            "GT_ENVIRONMENT": "development",
            "GT_LOG_LEVEL": "INFO",
            "GT_BIND": bind,
            "GT_ISSUER_PRIVATE_BIND": layout.socket(ISSUER),
            "GT_ISSUER": addresses.issuer,
            "GT_ISSUER_URL": addresses.issuer_url,
            "GT_ISSUER_AUDIENCE": AUDIENCE,
            "GT_ISSUER_CLIENTS": str(layout.secret_file("clients.json")),
            "GT_DEMO_FILE": str(layout.demo_file),
            "GT_KEY_DIR": str(layout.key_dir(ISSUER)),
        },
        health=bind,
        stop_order=2,
    )


def clients(layout: Layout, addresses: Addresses) -> list[dict[str, object]]:
    """Return the issuer's clients: the console, a public one for development, one machine."""
    gateway = addresses.gateway_url
    return [
        {
            "client_id": CONSOLE_CLIENT,
            "client_name": "Golden Thread console",
            "client_secret": client_secret(layout),
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [f"{gateway}/console/callback"],
            "post_logout_redirect_uris": [f"{gateway}/console/signed-out"],
            "backchannel_logout_uri": f"{gateway}/console/backchannel-logout",
        },
        {
            "client_id": "goldenthread-dev",
            "client_name": "Developer tools",
            "client_secret": None,
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [
                f"{gateway}/graphiql",
                f"{gateway}/graphiql/callback",
                "http://127.0.0.1/callback",
            ],
        },
        {
            "client_id": "goldenthread-machine",
            "client_name": "A machine without a person",
            "client_secret": keep_secret(layout.secret_file("machine-client"), new_password),
            "grant_types": ["client_credentials"],
            "redirect_uris": [],
        },
    ]


def migrations_of(root: Path, service: str) -> list[Path]:
    """Return the migration files of a service."""
    return sorted((root / f"svc_{service}" / "migrations" / "versions").glob("*.py"))
