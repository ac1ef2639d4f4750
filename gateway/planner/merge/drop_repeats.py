"""Leave out a fetch whose every value another fetch of the same place brings anyway.

A field that the client selects may be had from one subgraph and be required, for another field,
from a second one: where the second is asked in any case, the first need not be.
"""

from gateway.planner.fetch_graph import FetchGroup, FetchTree
from gateway.planner.selection import any_of


def drop_repeats(groups: list[FetchGroup]) -> list[FetchGroup]:
    """Groups that are left."""
    left = list(groups)
    for repeated in groups:
        if any(repeated in other.parents for other in left):
            continue
        other = next((one for one in left if _brings_all_of(one, repeated)), None)
        if other is not None:
            for type_name, inputs in repeated.inputs.items():
                fields = repeated.tree.types.get(inputs.local_type, {})
                mine = FetchTree(is_abstract=other.tree.is_abstract)
                mine.types[other.inputs[type_name].local_type] = fields
                other.tree.absorb(mine)
            left.remove(repeated)
    return left


def _brings_all_of(one: FetchGroup, repeated: FetchGroup) -> bool:
    """Whether one group brings each leaf that another does, for the same objects, when it does."""
    if one is repeated or one.place is not repeated.place or one.place is None:
        return False
    if one.root_type is not None or repeated.root_type is not None:
        return False
    if one.tells or repeated.tells or one.contexts or repeated.contexts:
        return False
    if repeated in one.ancestors():
        return False
    for type_name, inputs in repeated.inputs.items():
        there = one.inputs.get(type_name)
        if there is None or not there.keys.keys() <= inputs.keys.keys():
            return False  # what has one key may not have the other
        known = one.tree.types.get(there.local_type, {})
        for key, wanted in repeated.tree.types.get(inputs.local_type, {}).items():
            found = known.get(key)
            if found is None or found.tree is not None or wanted.tree is not None:
                return False
            if any_of(found.conditions, wanted.conditions) != found.conditions:
                return False
    return True
