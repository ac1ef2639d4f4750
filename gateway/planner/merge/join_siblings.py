"""Join fetches of one place into a later fetch of the same place and subgraph.

A field that could be had at once and one that must wait for a requirement need not be two
requests: if nobody waits for the earlier fetch, its fields travel with the later one, and the
plan has as many waves as before.
"""

from gateway.planner.fetch_graph import FetchGroup, join_inputs, without_ancestors
from gateway.planner.merge.waves import waves_of


def join_siblings(groups: list[FetchGroup]) -> list[FetchGroup]:
    """Groups that are left; those joined are gone."""
    left = list(groups)
    has_changed = True
    while has_changed:
        has_changed = False
        waves = waves_of(left)
        for early in left:
            if early.root_type is not None or any(early in other.parents for other in left):
                continue
            later = _later_sibling(early, left, waves)
            if later is not None:
                _absorb(later, early)
                left.remove(early)
                has_changed = True
                break
    return left


def _later_sibling(
    early: FetchGroup, groups: list[FetchGroup], waves: dict[FetchGroup, int]
) -> FetchGroup | None:
    for later in groups:
        if (
            later is not early
            and later.place is early.place
            and later.root_type is None
            and later.subgraph == early.subgraph
            and waves[later] >= waves[early]
            and early not in later.ancestors()
            and _have_compatible_inputs(later, early)
        ):
            return later
    return None


def _have_compatible_inputs(later: FetchGroup, early: FetchGroup) -> bool:
    if later.contexts or early.contexts:
        return False
    for type_name, theirs in early.inputs.items():
        if later.has_other_types_as(theirs.local_type, type_name):
            return False
        mine = later.inputs.get(type_name)
        if mine is None:
            continue
        fields = [*theirs.keys.values(), *(field for field, _ in theirs.requires.values())]
        if mine.local_type != theirs.local_type or not mine.accepts(fields):
            return False
    return True


def _absorb(later: FetchGroup, early: FetchGroup) -> None:
    later.tree.absorb(early.tree)
    later.tells.update(early.tells)
    later.parents = without_ancestors(later.parents | early.parents)
    for type_name, theirs in early.inputs.items():
        mine = later.inputs.setdefault(type_name, theirs)
        if mine is theirs:
            continue
        for name, field in theirs.keys.items():
            known = mine.keys.get(name)
            mine.keys[name] = field if known is None else join_inputs(known, field)
        for name, (field, needed_by) in theirs.requires.items():
            wanted, others = mine.requires.get(name, (field, set()))
            mine.requires[name] = (join_inputs(wanted, field), others | needed_by)
