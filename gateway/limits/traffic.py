"""How much of the gateway one person, application or address may take, and what goes first.

Refusals depend on who asks, how often, and on how busy the gateway is; never on data.
"""

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from gateway.errors import RequestRefusedError
from gateway.limits.rate import Rate, TokenBuckets
from gateway.limits.shared_rates import SharedRates
from gateway.supergraph import Supergraph
from infra.errors import GoldenThreadError


class TrafficRulesError(GoldenThreadError):
    """``traffic.toml`` does not fit the supergraph."""

    code = "TRAFFIC_RULES"


@dataclass(frozen=True, slots=True)
class TrafficRules:
    """Coordinates of root fields with a rule of their own; see ``traffic.toml``."""

    lookups: frozenset[str] = frozenset()
    urgent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TrafficLimits:
    """The rates and the room, for one gateway process.

    Attributes:
        subject: requests of one person.
        client: requests of one application.
        address: requests from one address, good and bad ones.
        lookup: look-ups by number of one person.
        in_flight: requests that are worked on at the same time.
        reserved: of these, how many only urgent requests may use.
        in_flight_of_subject: requests of one person at the same time.
        reserved_of_subject: of these, how many only urgent requests may use: an application that
            floods the gateway in somebody's name must not keep that person from a hand-off.
    """

    subject: Rate = field(default_factory=lambda: Rate(50, 200))
    client: Rate = field(default_factory=lambda: Rate(500, 2_000))
    address: Rate = field(default_factory=lambda: Rate(500, 2_000))
    lookup: Rate = field(default_factory=lambda: Rate(0.5, 30))
    in_flight: int = 256
    reserved: int = 64
    in_flight_of_subject: int = 64
    reserved_of_subject: int = 16


UNLIMITED = TrafficLimits(
    subject=Rate(1e9, 1e9),
    client=Rate(1e9, 1e9),
    address=Rate(1e9, 1e9),
    lookup=Rate(1e9, 1e9),
    in_flight=1_000_000,
    reserved=0,
    in_flight_of_subject=1_000_000,
    reserved_of_subject=0,
)
"""For tests of something else, which are few people in a great hurry."""


def packaged_rules(supergraph: Supergraph) -> TrafficRules:
    """Return the rules that are delivered with the gateway.

    Raises:
        TrafficRulesError: a coordinate does not exist, or a key is unknown.
    """
    text = resources.files("gateway.limits").joinpath("traffic.toml").read_text("utf-8")
    return read_rules(tomllib.loads(text), supergraph)


def read_rules(document: dict[str, Any], supergraph: Supergraph) -> TrafficRules:
    """Return rules as data says them.

    Raises:
        TrafficRulesError: a coordinate does not exist, or a key is unknown.
    """
    if unknown := sorted(document.keys() - {"lookups", "urgent"}):
        raise TrafficRulesError(f"traffic.toml has unknown keys: {', '.join(unknown)}")
    schema = supergraph.api_schema
    roots = [each for each in (schema.query_type, schema.mutation_type) if each is not None]
    known = {f"{root.name}.{name}" for root in roots for name in root.fields}
    named = [*document.get("lookups", ()), *document.get("urgent", ())]
    if absent := sorted(set(named) - known):
        raise TrafficRulesError(f"traffic.toml names what does not exist: {', '.join(absent)}")
    return TrafficRules(
        frozenset(document.get("lookups", ())), frozenset(document.get("urgent", ()))
    )


class Traffic:
    """Counts and refuses; one for the life of the process."""

    def __init__(
        self,
        rules: TrafficRules,
        limits: TrafficLimits | None = None,
        shared: SharedRates | None = None,
    ) -> None:
        """Make it.

        Args:
            rules: which root fields have one of their own.
            limits: the rates and the room.
            shared: makes the rates hold for all gateways; without it each process counts alone.
        """
        self._rules = rules
        self._limits = limits or TrafficLimits()
        self._shared = shared
        self._subjects = TokenBuckets(self._limits.subject, kind="subject")
        self._clients = TokenBuckets(self._limits.client, kind="client")
        self._addresses = TokenBuckets(self._limits.address, kind="address")
        self._lookups = TokenBuckets(self._limits.lookup, kind="lookup")
        if shared is not None:
            for each in (self._subjects, self._clients, self._addresses):
                shared.follow(each)
        self._in_flight = 0
        self._of_subject: dict[str, int] = {}

    def from_address(self, address: str) -> None:
        """Count a request before anything of it is read.

        Raises:
            RequestRefusedError: 429, with the seconds to wait.
        """
        _refuse(self._addresses.take(address))

    def of_person(self, subject: str, client: str) -> None:
        """Count a request once it is known whose it is.

        Raises:
            RequestRefusedError: 429, with the seconds to wait.
        """
        _refuse(self._subjects.take(subject))
        _refuse(self._clients.take(client))

    async def of_operation(self, subject: str, coordinates: Sequence[str]) -> None:
        """Count the look-ups of an operation, all gateways' together where rates are shared.

        Args:
            subject: who asks.
            coordinates: of its root fields, one for each time that it is selected.

        Raises:
            RequestRefusedError: 400 for more than one look-up, 429 for too many in a while.
            ConsentUnavailableError: nobody can say how many there were; none runs.
        """
        lookups = sum(1 for each in coordinates if each in self._rules.lookups)
        if lookups > 1:
            raise RequestRefusedError(400, "LOOKUP_LIMIT")
        if not lookups:
            return
        if self._shared is None:
            _refuse(self._lookups.take(subject))
        else:
            _refuse(await self._shared.take(self._lookups, subject))

    @contextmanager
    def room(self, subject: str, coordinates: Sequence[str]) -> Iterator[None]:
        """Hold a place while a request is worked on.

        Raises:
            RequestRefusedError: 503, there is none; urgent requests find one for longer.
        """
        limits = self._limits
        is_urgent = any(each in self._rules.urgent for each in coordinates)
        kept, kept_of_subject = (
            (0, 0) if is_urgent else (limits.reserved, limits.reserved_of_subject)
        )
        own = self._of_subject.get(subject, 0)
        if (
            self._in_flight >= limits.in_flight - kept
            or own >= limits.in_flight_of_subject - kept_of_subject
        ):
            raise RequestRefusedError(503, "OVERLOADED", headers={"retry-after": "1"})
        self._in_flight += 1
        self._of_subject[subject] = own + 1
        try:
            yield
        finally:
            self._in_flight -= 1
            left = self._of_subject[subject] - 1
            if left:
                self._of_subject[subject] = left
            else:
                del self._of_subject[subject]


def _refuse(wait_seconds: int) -> None:
    if wait_seconds:
        headers = {"retry-after": str(wait_seconds)}
        raise RequestRefusedError(429, "RATE_LIMITED", headers=headers)
