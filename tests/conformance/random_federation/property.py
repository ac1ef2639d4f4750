"""The property over a range of seeds: each seed is a federation with its world and requests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from tests.conformance.random_federation.check import Case, InvalidRequestError, examine, report
from tests.conformance.random_federation.generate import generate
from tests.conformance.random_federation.random_operations import Request, random_request
from tests.conformance.random_federation.random_world import make_world
from tests.conformance.random_federation.shrink import shrunk

REQUESTS_PER_FEDERATION = 6


@dataclass(slots=True)
class Tally:
    """What was tried."""

    pairs: int = 0
    fetches: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A pair that fails."""

    seed: int
    number: int
    case: Case
    request: Request
    problems: list[str]

    def explained(self) -> str:
        """The smallest version of it, to read."""
        small = shrunk(self.case, self.request)
        head = f"seed {self.seed}, request {self.number}: {'; '.join(self.problems)[:400]}\n"
        return head + (report(*small) if small is not None else "it does not fail again")


def make_case(seed: int) -> Case:
    """The federation and world of a seed; every second world has fields that fail."""
    federation = generate(seed)
    return Case(federation, make_world(federation, seed, has_faults=seed % 2 == 0))


def make_request(case: Case, seed: int, number: int) -> Request:
    return random_request(case.schema, Random(f"op/{seed}/{number}"))


def findings(
    seeds: Iterable[int], tally: Tally, *, requests: int = REQUESTS_PER_FEDERATION
) -> Iterator[Finding]:
    """Try all pairs of these seeds; yields those that fail."""
    for seed in seeds:
        case = make_case(seed)
        for number in range(requests):
            request = make_request(case, seed, number)
            try:
                outcome = examine(case, request)
            except InvalidRequestError:
                tally.refused += 1
                continue
            tally.pairs += 1
            tally.fetches += len(outcome.plan.nodes) if outcome.plan is not None else 0
            if outcome.problems:
                yield Finding(seed, number, case, request, outcome.problems)
