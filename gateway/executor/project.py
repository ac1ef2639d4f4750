"""From the fetched tree to the response: pure, and repeatable with another guard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.executor.compile import CompiledOperation
from gateway.executor.faults import ErrorCollector
from gateway.executor.fetch import Assembled, holds
from gateway.executor.guard import Guard, Masks


@dataclass(frozen=True, slots=True)
class Projected:
    """A response, and what it discloses.

    Attributes:
        released: by subject, the bits needed by values that are in `data`, empty lists included;
            more than that where a null below removed an enclosing object.
        withheld: (coordinate path, subject) of each object left out of a list, or null as the
            node of a connection's edge, for lack of bits.
    """

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    released: dict[str, int]
    withheld: list[tuple[str, Any]]


def project(
    compiled: CompiledOperation,
    assembled: Assembled,
    variables: Mapping[str, Any],
    guard: Guard,
    *,
    introspection: Mapping[str, Any] | None = None,
) -> Projected:
    """Project the fetched tree; the same arguments give the same answer.

    Args:
        introspection: answers to `__schema` and `__type`, by response key.
    """
    make = compiled.projection(has_faults=bool(assembled.faults))
    collector = ErrorCollector(assembled.faults, compiled.locations)
    released: dict[str, int] = {}
    withheld: list[tuple[str, Any]] = []
    conditions = [holds(one, variables) for one in compiled.conditions]
    root = make(collector, conditions, Masks(guard), released, withheld, introspection or {})
    data = root(assembled.root)
    if data.__class__ is not dict:
        data = None
    return Projected(data, collector.finish(), released, withheld)
