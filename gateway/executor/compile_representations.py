"""Compile what is sent to `_entities`: find the objects of a place, represent each of them."""

from gateway.executor.write_source import SourceWriter
from gateway.planner.plan import EntityType, InputField, PathStep, Target

MISSING = object()
"""Stands for a value that is not there, as opposed to null."""


def write_target(writer: SourceWriter, target: Target) -> str:
    """Write `(root, M) -> ([(object, representation, keys to leave out)], objects without key)`.

    `M` gives the mask of a subject; objects whose subject covers none of the fetch are left out.
    """
    builders = [_write_builder(writer, entity) for entity in target.types]
    is_guarded = all(entity.is_guarded for entity in target.types) and _has_needs(target)
    name = writer.name("c")
    with writer.block(f"def {name}(root, M):"):
        writer.line(f"found = [{'(root, 0)' if is_guarded else 'root'}]")
        for step in target.path:
            _write_step(writer, step, is_guarded=is_guarded)
        writer.line("made = []")
        writer.line("skipped = []")
        head = "for o, m in found:" if is_guarded else "for o in found:"
        with writer.block(head):
            for entity, builder in zip(target.types, builders, strict=True):
                _write_entity(
                    writer,
                    entity,
                    builder,
                    is_abstract=target.is_abstract,
                    is_guarded=is_guarded,
                )
        writer.line("return made, skipped")
    return name


def write_subjects(writer: SourceWriter, target: Target) -> str | None:
    """Write a function `(root, seen: set)` that notes the subjects on the way to a place."""
    if not _has_needs(target) or not all(entity.is_guarded for entity in target.types):
        return None
    name = writer.name("u")
    with writer.block(f"def {name}(root, seen):"):
        writer.line("found = [root]")
        for step in target.path:
            if step.subject_key is not None:
                _write_note(writer, step.subject_key)
            _write_step(writer, step, is_guarded=False)
        for entity in target.types:
            if entity.subject_key is not None:
                _write_note(writer, entity.subject_key)
    return name


def _write_note(writer: SourceWriter, subject_key: str) -> None:
    with writer.block("for o in found:"):
        writer.line(f"s = o.get({subject_key!r})")
        with writer.block("if s.__class__ is str:"):
            writer.line("seen.add(s)")
        with writer.block("else:"):
            writer.line("note(s, seen)")


def note(subject: object, seen: set[str]) -> None:
    """Add a subject value, or each one in a list, to those seen."""
    if isinstance(subject, str):
        seen.add(subject)
    elif isinstance(subject, list):
        for one in subject:
            note(one, seen)


def flatten(values: list[object], into: list[object]) -> None:
    """Add the objects in nested lists."""
    for value in values:
        if value.__class__ is dict:
            into.append(value)
        elif isinstance(value, list):
            flatten(value, into)


def _type_test(writer: SourceWriter, names: tuple[str, ...]) -> str:
    """An expression: `o` is of the type that has these names."""
    if len(names) == 1:
        return f"o.get('__typename') == {names[0]!r}"
    return f"o.get('__typename') in {writer.constant('T', frozenset(names))}"


def _has_needs(target: Target) -> bool:
    return any(step.object_needs or step.field_needs for step in target.path) or any(
        entity.object_needs or (entity.needs and 0 not in entity.needs) for entity in target.types
    )


def _write_step(writer: SourceWriter, step: PathStep, *, is_guarded: bool) -> None:
    writer.line("below = []")
    with writer.block("for o, m in found:" if is_guarded else "for o in found:"):
        if step.is_abstract:
            with writer.block(f"if not ({_type_test(writer, step.type_names)}):"):
                writer.line("continue")
        if is_guarded:
            _write_mask(writer, step.subject_key, (step.object_needs, step.field_needs))
        writer.line(f"v = o.get({step.key!r})")
        with writer.block("if v.__class__ is dict:"):
            writer.line("below.append((v, m))" if is_guarded else "below.append(v)")
        with writer.block("elif v.__class__ is list:"), writer.block("for x in v:"):
            with writer.block("if x.__class__ is dict:"):
                writer.line("below.append((x, m))" if is_guarded else "below.append(x)")
            with writer.block("elif x.__class__ is list:"):
                if is_guarded:
                    writer.line("flat = []")
                    writer.line("flatten(x, flat)")
                    writer.line("below += [(y, m) for y in flat]")
                else:
                    writer.line("flatten(x, below)")
    writer.line("found = below")


def _write_mask(writer: SourceWriter, subject_key: str | None, needs: tuple[int, ...]) -> None:
    if subject_key is not None:
        writer.line(f"s = o.get({subject_key!r})")
        writer.line("m = M[s] if s.__class__ is str else M(s)")
    wanted = 0
    for bits in needs:
        wanted |= bits
    if wanted:
        with writer.block(f"if m & {wanted} != {wanted}:"):
            writer.line("continue")


def _write_entity(
    writer: SourceWriter, entity: EntityType, builder: str, *, is_abstract: bool, is_guarded: bool
) -> None:
    head = f"if {_type_test(writer, entity.type_names)}:" if is_abstract else "if True:"
    with writer.block(head):
        if is_guarded:
            _write_mask(writer, entity.subject_key, (entity.object_needs,))
            if entity.needs and 0 not in entity.needs:
                tests = " and ".join(f"m & {bits} != {bits}" for bits in entity.needs)
                with writer.block(f"if {tests}:"):
                    writer.line("continue")
        writer.line(f"r = {builder}(o)")
        with writer.block("if r is not None:"):
            writer.line("made.append((o, *r))")
        with writer.block("else:"):
            writer.line("skipped.append(o)")


def _write_builder(writer: SourceWriter, entity: EntityType) -> str:
    """Write `(object) -> (representation, keys to leave out) | None`, None without its key."""
    keys = [(one, _write_nested(writer, one, is_key=True)) for one in entity.keys]
    required = [(one, _write_nested(writer, one.field, is_key=False)) for one in entity.requires]
    name = writer.name("r")
    with writer.block(f"def {name}(o):"):
        parts = [f"'__typename': {entity.local_type!r}"]
        for number, (one, nested) in enumerate(keys):
            writer.line(f"k{number} = o.get({one.key!r})")
            if nested is not None:
                writer.line(f"k{number} = {nested}(k{number})")
                with writer.block(f"if k{number} is None or k{number} is MISSING:"):
                    writer.line("return None")
            else:
                with writer.block(f"if k{number} is None:"):
                    writer.line("return None")
            parts.append(f"{one.name!r}: k{number}")
        writer.line("d = {" + ", ".join(parts) + "}")
        if not required:
            writer.line("return d, None")
            return name
        writer.line("lost = None")
        for requirement, nested in required:
            needed_by = writer.constant("N", requirement.needed_by)
            writer.line(f"v = o.get({requirement.field.key!r}, MISSING)")
            if nested is not None:
                with writer.block("if v is not MISSING:"):
                    writer.line(f"v = {nested}(v)")
            with writer.block("if v is MISSING:"):
                writer.line(f"lost = {needed_by} if lost is None else lost | {needed_by}")
            with writer.block("else:"):
                if requirement.field.name in {one.name for one in entity.keys}:
                    writer.line(
                        f"d[{requirement.field.name!r}] = join(d[{requirement.field.name!r}], v)"
                    )
                else:
                    writer.line(f"d[{requirement.field.name!r}] = v")
        writer.line("return d, lost")
    return name


def join(one: object, other: object) -> object:
    """One nested representation that has the fields of both."""
    if isinstance(one, dict) and isinstance(other, dict):
        joined = dict(one)
        for key, value in other.items():
            joined[key] = join(joined[key], value) if key in joined else value
        return joined
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [join(left, right) for left, right in zip(one, other, strict=True)]
    return one


def _write_nested(writer: SourceWriter, one: InputField, *, is_key: bool) -> str | None:
    """Write a function that represents a nested value; None for a leaf."""
    if one.by_type is None:
        return None
    branches: list[tuple[str, list[tuple[InputField, str | None]]]] = [
        (type_name, [(inner, _write_nested(writer, inner, is_key=is_key)) for inner in fields])
        for type_name, fields in one.by_type
    ]
    name = writer.name("n")
    with writer.block(f"def {name}(v):"):
        with writer.block("if v.__class__ is list:"):
            writer.line(f"values = [{name}(x) for x in v]")
            writer.line("return MISSING if any(x is MISSING for x in values) else values")
        with writer.block("if v.__class__ is not dict:"):
            writer.line("return None if v is None else MISSING")
        for type_name, fields in branches:
            head = f"if v.get('__typename') == {type_name!r}:" if one.is_abstract else "if True:"
            with writer.block(head):
                writer.line(f"d = {{'__typename': {type_name!r}}}" if one.is_abstract else "d = {}")
                for inner, nested in fields:
                    writer.line(f"x = v.get({inner.key!r}, MISSING)")
                    if nested is not None:
                        with writer.block("if x is not MISSING:"):
                            writer.line(f"x = {nested}(x)")
                    test = "x is MISSING or x is None" if is_key else "x is MISSING"
                    with writer.block(f"if {test}:"):
                        writer.line("return MISSING")
                    writer.line(f"d[{inner.name!r}] = x")
                writer.line("return d")
        writer.line("return {'__typename': v.get('__typename')}")
    return name
