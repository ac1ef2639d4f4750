"""Which programs there are, and with which settings: what the doctor looks at.

A deployment is described by one environment per program. ``up`` keeps them in its data folder; a
server has them in ``/etc/goldenthread/PROGRAM.env``; in a container they are the environment.
"""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError

GATEWAY = "gateway"
SERVICES = ("consent", "participants", "cases", "training")
PROGRAMS = (GATEWAY, *(f"svc_{name}" for name in SERVICES))
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Program:
    """One program and the settings that it is started with."""

    name: str
    environment: Mapping[str, str]

    @property
    def service(self) -> str:
        """Name without ``svc_``."""
        return self.name.removeprefix("svc_")

    @property
    def is_production(self) -> bool:
        """Whether developer conveniences are off."""
        return self.environment.get("GT_ENVIRONMENT", "production") != "development"

    def setting(self, name: str) -> str:
        """Return a setting, empty when it is not there."""
        return self.environment.get(name, "")


@dataclass(frozen=True, slots=True)
class Deployment:
    """The programs that the doctor was shown, and where they are described."""

    source: str
    programs: tuple[Program, ...]

    def program(self, name: str) -> Program | None:
        """Return a program by name, None when it was not shown."""
        return next((each for each in self.programs if each.name == name), None)

    @property
    def services(self) -> tuple[Program, ...]:
        """The programs that have a database."""
        return tuple(each for each in self.programs if each.name != GATEWAY)


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """What a database setting says about where and how, without the password."""

    host: str
    database: str
    role: str
    tls: str

    @property
    def is_local(self) -> bool:
        """Whether it is a socket or loopback of this machine."""
        return self.host in _LOCAL or self.host.startswith("/")


def database_address(dsn: str) -> DatabaseAddress:
    """Read a ``postgresql://`` address. Raises ValueError when it is none."""
    parts = urlsplit(dsn)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("not a postgresql:// address")
    options = dict(parse_qsl(parts.query))
    host = options.get("host") or parts.hostname or ""
    database = options.get("dbname") or parts.path.strip("/")
    return DatabaseAddress(host, database, parts.username or "", options.get("sslmode", ""))


def is_local_host(host: str | None) -> bool:
    """Return whether a host name is this machine."""
    return (host or "") in _LOCAL


def issuers_of(program: Program) -> list[dict[str, Any]]:
    """Return the entries of ``GT_ISSUERS``; empty when the program itself refuses them."""
    try:
        found = json.loads(program.setting("GT_ISSUERS") or "[]")
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def of_data_folder(folder: DataFolder) -> Deployment:
    """Return the deployment that ``up`` wrote down. Raises CommandError before the first one."""
    programs = [Program(name, _frozen(folder.environment(name))) for name in PROGRAMS]
    present = tuple(each for each in programs if each.environment)
    if not present:
        message = f"nothing in {folder.path} to look at; start the platform with ./goldenthread up"
        raise CommandError(message)
    return Deployment(str(folder.path), present)


def of_settings_folder(folder: Path) -> Deployment:
    """Return the deployment described by ``PROGRAM.env`` files. Raises CommandError for none."""
    programs = []
    for name in PROGRAMS:
        path = folder / f"{name}.env"
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            message = f"cannot read {path}: {type(error).__name__}"
            raise CommandError(message, status=2) from error
        programs.append(Program(name, _frozen(_parsed(path, text))))
    if not programs:
        message = f"no file like gateway.env or svc_consent.env in {folder}"
        raise CommandError(message, status=2)
    return Deployment(str(folder), tuple(programs))


def of_this_process(name: str) -> Deployment:
    """Return the one program whose settings this process has. Raises CommandError for no name."""
    if name not in PROGRAMS:
        message = f"no such program: {name}; one of {', '.join(PROGRAMS)}"
        raise CommandError(message, status=2)
    ours = {key: value for key, value in os.environ.items() if key.startswith(("GT_", "PG"))}
    return Deployment("this environment", (Program(name, _frozen(ours)),))


def _frozen(environment: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(environment))


def _parsed(path: Path, text: str) -> dict[str, str]:
    """Read NAME=VALUE lines as systemd and Compose do: quotes go, comments are skipped."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        name, sign, value = stripped.partition("=")
        if not sign:
            message = f"{path}, line {number}: not NAME=VALUE"
            raise CommandError(message, status=2)
        if value[:1] in "'\"":
            try:
                value = "".join(shlex.split(value))
            except ValueError:
                message = f"{path}, line {number}: a quote is not closed"
                raise CommandError(message, status=2) from None
        found[name.strip()] = value
    return found
