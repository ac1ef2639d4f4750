"""Compile the walk that finds every subject in a fetched tree, so that decisions can be loaded."""

from gateway.executor.write_source import SourceWriter
from gateway.planner.selection import ObjectSelection, Selection, storage_keys


def write_subject_walk(writer: SourceWriter, root: ObjectSelection) -> str:
    """Write a function `(root, seen: set)`; returns its name."""
    selection = Selection({root.type_name: root})
    name = _write_place(writer, selection, is_root=True)
    if name is None:
        name = writer.name("w")
        with writer.block(f"def {name}(o, seen):"):
            writer.line("return None")
    return name


def _write_place(writer: SourceWriter, selection: Selection, *, is_root: bool) -> str | None:
    """Write the walk of one place; None where no subject is below."""
    keys = storage_keys(selection)
    bodies: list[tuple[str, str | None, list[tuple[str, str]]]] = []
    for type_name, wanted in selection.by_type.items():
        subject = keys[type_name, wanted.subject_key] if wanted.subject_key is not None else None
        below: list[tuple[str, str]] = []
        for one in wanted.fields:
            if one.selection is not None:
                function = _write_place(writer, one.selection, is_root=False)
                if function is not None:
                    below.append((keys[type_name, one.response_key], function))
        bodies.append((type_name, subject, below))
    if not any(subject is not None or below for _, subject, below in bodies):
        return None
    is_single = is_root or len(bodies) == 1
    name = writer.name("w")
    with writer.block(f"def {name}(o, seen):"):
        with writer.block("if o.__class__ is list:"):
            with writer.block("for x in o:"):
                writer.line(f"{name}(x, seen)")
            writer.line("return")
        with writer.block("if o.__class__ is not dict:"):
            writer.line("return")
        for type_name, subject, below in bodies:
            head = "if True:" if is_single else f"if o.get('__typename') == {type_name!r}:"
            with writer.block(head):
                if subject is not None:
                    writer.line(f"s = o.get({subject!r})")
                    with writer.block("if s.__class__ is str:"):
                        writer.line("seen.add(s)")
                    with writer.block("else:"):
                        writer.line("note(s, seen)")
                for key, function in below:
                    writer.line(f"{function}(o.get({key!r}), seen)")
    return name
