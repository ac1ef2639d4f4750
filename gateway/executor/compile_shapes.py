"""Compile checks of subgraph answers: keep what was asked for, under the keys we keep it by.

A subgraph that answers more than it was asked must not be able to put a value where another
subgraph's value, or the name of a subject, is expected.  Values of wrong types stay for the
projection, which knows their paths.
"""

from typing import Any

from gateway.executor.merge_answers import OpaqueName
from gateway.executor.write_source import SourceWriter
from gateway.planner.plan import FetchedField, FetchShape


def write_shape(writer: SourceWriter, shape: FetchShape) -> str:
    """Write a function that cleans a value (object or list) in place; returns its name."""
    if shape.is_abstract:
        by_type = {
            local_type: _write_object(writer, fields, ("__typename",))
            for local_type, fields in shape.by_type
        }
        name = writer.name("s")
        fallback = _write_object(writer, (), ("__typename",))
        members = ", ".join(f"{key!r}: {function}" for key, function in by_type.items())
        writer.line(f"{name}_by = {{{members}}}")
        with writer.block(f"def {name}(d):"):
            with writer.block("if d.__class__ is dict:"):
                writer.line("t = d.get('__typename')")
                for opaque in shape.opaque:
                    sign = writer.constant("O", OpaqueName(opaque))
                    with writer.block(f"if t == {opaque!r}:"):
                        writer.line(f"d['__typename'] = {sign}")
                writer.line(
                    f"({name}_by.get(t, {fallback}) if t.__class__ is str else {fallback})(d)"
                )
            with writer.block("elif d.__class__ is list:"), writer.block("for x in d:"):
                writer.line(f"{name}(x)")
        return name
    fields = tuple(one for _, all_fields in shape.by_type for one in all_fields)
    return _write_object(writer, fields, () if fields else ("__typename",))


def _write_object(
    writer: SourceWriter, fields: tuple[FetchedField, ...], more: tuple[str, ...]
) -> str:
    inner = {one.key: write_shape(writer, one.shape) for one in fields if one.shape is not None}
    keys = writer.constant("K", frozenset({one.wire_key for one in fields} | set(more)))
    name = writer.name("s")
    with writer.block(f"def {name}(d):"):
        with writer.block("if d.__class__ is dict:"):
            with writer.block(f"if not d.keys() <= {keys}:"):
                writer.line(f"drop_others(d, {keys})")
            for one in fields:
                if one.wire_key != one.key:
                    writer.line(f"d[{one.key!r}] = d.pop({one.wire_key!r}, None)")
            for key, function in inner.items():
                writer.line(f"v = d.get({key!r})")
                with writer.block("if v is not None:"):
                    writer.line(f"{function}(v)")
        with writer.block("elif d.__class__ is list:"), writer.block("for x in d:"):
            writer.line(f"{name}(x)")
    return name


def drop_others(found: dict[str, Any], keys: frozenset[str]) -> None:
    """Remove what was not asked for."""
    for key in [key for key in found if key not in keys]:
        del found[key]


def top_keys(shape: FetchShape) -> tuple[str, ...]:
    """Where the values of the outermost fields are kept."""
    return tuple({one.key: None for _, fields in shape.by_type for one in fields})


def has_composites(shape: FetchShape) -> bool:
    """Whether any outermost field is an object or a list of objects."""
    return any(one.shape is not None for _, fields in shape.by_type for one in fields)
