"""Compile the order of an answer's keys where conditions decide which of several places is first.

Source: GraphQL specification (September 2025) 6.3.2 CollectFields and 7.1.1: the order of the
result is that in which fields are first collected.
"""

from collections.abc import Callable

from gateway.planner.selection import ALWAYS, Conditions, ObjectSelection


def in_order(wanted: ObjectSelection, condition: Callable[[Conditions], int]) -> list[str]:
    """Lines that put values into the answer `d`; none where the order is always the same.

    The value of field number n is in `vn`, where the field is selected at all.

    Args:
        condition: the number of conditions in `V`.
    """
    values = {
        one.response_key: (f"v{number}", one)
        for number, one in enumerate(wanted.fields)
        if not one.hidden
    }
    values |= {one.response_key: ("None", one) for _, one in wanted.refused}
    lines: list[str] = []
    seen: set[str] = set()
    for key, own in wanted.order:
        if key not in values:
            continue  # pruned since
        value, one = values[key]
        tests = [f"V[{condition(each)}]" for each in {one.conditions, own} if each != ALWAYS]
        if key in seen:
            tests.append(f"{key!r} not in d")
        seen.add(key)
        put = f"d[{key!r}] = {value}"
        lines.append(f"if {' and '.join(sorted(tests))}: {put}" if tests else put)
    return lines
