"""From the fetched tree to the response: pure, and repeatable with another guard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.executor.compile import CompiledOperation
from gateway.executor.compile_plain_projection import NotPlainError
from gateway.executor.faults import ErrorCollector
from gateway.executor.fetch import Assembled
from gateway.executor.guard import Guard, Masks
from gateway.executor.locate import Locator
from gateway.planner.selection import holds


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
    answers = introspection or {}
    if not assembled.faults:
        projected = project_plainly(compiled, assembled, variables, guard, answers)
        if projected is not None:
            return projected
    make = compiled.projection(has_faults=bool(assembled.faults))
    collector = ErrorCollector(assembled.faults, Locator(compiled.operation.root, variables))
    released: dict[str, int] = {}
    withheld: list[tuple[str, Any]] = []
    conditions = [holds(one, variables) for one in compiled.conditions]
    root = make(collector, conditions, Masks(guard), released, withheld, answers)
    data = root(assembled.root)
    if data.__class__ is not dict:
        data = None
    return Projected(data, collector.finish(), released, withheld)


def project_plainly(
    compiled: CompiledOperation,
    assembled: Assembled,
    variables: Mapping[str, Any],
    guard: Guard,
    introspection: Mapping[str, Any],
) -> Projected | None:
    """Project what is whole and granted to the last bit; None where it is not."""
    plain = compiled.plain_projection()
    if plain is None:
        return None
    if plain.needs:
        masks = Masks(guard)
        if not assembled.is_plain or not masks.cover(assembled.subjects, plain.needs):
            return None
    released = dict.fromkeys(assembled.subjects, 0)
    conditions = [holds(one, variables) for one in compiled.conditions]
    try:
        data = plain.make(conditions, released, introspection)(assembled.root)
    except (NotPlainError, KeyError, TypeError):
        return None  # something is missing or of another type; the exact projection says what
    return Projected(data, [], {one: bits for one, bits in released.items() if bits}, [])
