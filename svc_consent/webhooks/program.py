"""``python -m svc_consent webhook …``: what an operator does for an agency's administrator.

An endpoint is made from a signed request of the agency, under the grant of the administrator who
answers for it. The secret is shown when it is made and never stored; it can be shown again.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

from infra.database import Database
from infra.errors import GoldenThreadError, RuleError
from infra.mutation_result import CommandError
from infra.settings import Environment
from infra.vocabulary import Purpose, Role
from svc_consent.webhooks import commands, repository, rules
from svc_consent.webhooks.commands import EndpointTerms
from svc_consent.webhooks.key import webhook_key
from svc_consent.webhooks.rules import DeliveryState, Topic

_MAX_SHOWN = 100


def webhook(words: list[str]) -> int:
    """Run the command; returns its exit status."""
    arguments = _parser().parse_args(words)
    environment = Environment()
    key = webhook_key(environment.secret("GT_CURSOR_KEY"))

    dsn = environment.secret("GT_DATABASE_DSN")

    async def run() -> list[str]:
        database = Database(dsn, application_name="consent-webhook", pool_size=1)
        try:
            return list(await _DOING[arguments.command](database, arguments, key))
        finally:
            await database.close()

    try:
        lines = asyncio.run(run())
    except (GoldenThreadError, CommandError, RuleError) as error:
        sys.stderr.write(f"consent: {error}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


async def _register(database: Database, given: argparse.Namespace, key: bytes) -> list[str]:
    terms = EndpointTerms(
        grant_id=given.grant,
        url=given.url,
        topics=[Topic(each) for each in given.topic],
        role=Role(given.role),
        purpose=Purpose(given.purpose),
    )
    is_development = Environment().text("GT_ENVIRONMENT", "production") == "development"
    async with database.write() as session:
        endpoint = await commands.register(session, terms, allows_loopback=is_development)
        return [f"{endpoint.id} {rules.secret_of(key, endpoint.id, endpoint.generation)}"]


async def _rotate(database: Database, given: argparse.Namespace, key: bytes) -> list[str]:
    async with database.write() as session:
        endpoint = await commands.rotate_secret(session, given.endpoint)
        return [f"{endpoint.id} {rules.secret_of(key, endpoint.id, endpoint.generation)}"]


async def _remove(database: Database, given: argparse.Namespace, _key: bytes) -> list[str]:
    async with database.write() as session:
        await commands.remove(session, given.endpoint)
    return []


async def _replay(database: Database, given: argparse.Namespace, _key: bytes) -> list[str]:
    async with database.write() as session:
        await commands.replay(session, given.delivery)
    return []


async def _list(database: Database, _given: argparse.Namespace, _key: bytes) -> list[str]:
    async with database.read() as session:
        return [
            f"{each.id} agency {each.agency_id} {each.role} {each.purpose}"
            f" {','.join(each.topics)} {each.url}"
            for each in await repository.standing_endpoints(session)
        ]


async def _deliveries(database: Database, given: argparse.Namespace, _key: bytes) -> list[str]:
    state = DeliveryState(given.state) if given.state else None
    async with database.read() as session:
        found = await repository.deliveries_of(session, given.endpoint, state, _MAX_SHOWN)
    return [
        f"{each.id} {each.topic} {each.state} attempts {each.attempts}"
        f" status {each.last_status or '-'} at {each.created_at.isoformat(timespec='seconds')}"
        for each in found
    ]


_DOING: dict[str, Callable[[Database, argparse.Namespace, bytes], Awaitable[list[str]]]] = {
    "register": _register,
    "rotate": _rotate,
    "remove": _remove,
    "list": _list,
    "deliveries": _deliveries,
    "replay": _replay,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_consent webhook")
    doing = parser.add_subparsers(dest="command", required=True)
    register = doing.add_parser("register", help="make an endpoint; prints its id and secret")
    register.add_argument("--grant", type=UUID, required=True, help="of who answers for it")
    register.add_argument("--url", required=True, help="https://name/path")
    register.add_argument("--topic", action="append", required=True, choices=list(Topic))
    register.add_argument("--role", required=True, choices=sorted(rules.ROLES))
    register.add_argument("--purpose", required=True, choices=list(Purpose))
    doing.add_parser("list", help="print all endpoints")
    for name, told in (
        ("rotate", "give an endpoint a new secret; the old one signs for a week more"),
        ("remove", "remove an endpoint at once"),
        ("deliveries", "print its newest events and what became of them"),
    ):
        command = doing.add_parser(name, help=told)
        command.add_argument("endpoint", type=UUID)
        if name == "deliveries":
            command.add_argument("--state", choices=list(DeliveryState))
    doing.add_parser("replay", help="send a dead event again").add_argument("delivery", type=UUID)
    return parser
