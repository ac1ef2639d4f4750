"""Compile the projection: fetched tree in, response data out, in the client's order.

One function per place and object type, straight-line: read, check, place.  Null propagation and
leaf checks follow the GraphQL specification (6.4.3 Value Completion, 6.4.4 Handling Execution
Errors).  What the guard does not grant is absent: null where one value stands, left out of
lists, never an error.

Names in the written code: o object, m mask, s subject, P path of the parent, K key in the parent,
E error collector, V conditions by number, M mask of a subject, R bits released by subject, W what
was withheld from lists, I introspection results, Y the sign of an absent object.
"""

from typing import Any

from graphql import (
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)

from gateway.executor.compile_order import in_order
from gateway.executor.leaf_values import leaf_rule
from gateway.executor.write_source import SourceWriter
from gateway.planner.selection import (
    ALWAYS,
    Conditions,
    ObjectSelection,
    SelectedField,
    Selection,
    storage_keys,
)

WITHHELD = object()
"""Stands for an object that does not exist for this caller."""


class ProjectionCompiler:
    """Writes `make(E, V, M, R, W, I)`, which gives the function of the root object.

    Args:
        is_guarded: any selection has needs.
        has_faults: also look for the fault behind each null.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        writer: SourceWriter,
        conditions: list[Conditions],
        *,
        is_guarded: bool,
        has_faults: bool,
    ) -> None:
        self._schema = schema
        self._writer = writer
        self._conditions = conditions
        self._is_guarded = is_guarded
        self._has_faults = has_faults
        self._extra = "m, s, " if is_guarded else ""
        writer.constants["Y"] = WITHHELD
        writer.constants["release"] = release

    def write(self, root: ObjectSelection) -> None:
        """Write the whole projection."""
        with self._writer.block("def make(E, V, M, R, W, I):"):
            keys = storage_keys(Selection({root.type_name: root}))
            name = self._object(root, keys, path=(), is_root=True)
            call = (
                f"{name}(o, 0, None, None, None)" if self._is_guarded else f"{name}(o, None, None)"
            )
            self._writer.line(f"return lambda o: {call}")

    def _object(
        self,
        wanted: ObjectSelection,
        keys: dict[tuple[str, str], str],
        *,
        path: tuple[str, ...],
        is_root: bool = False,
        is_edge: bool = False,
    ) -> str:
        writer = self._writer
        shown = [one for one in wanted.fields if not one.hidden]
        below = {one: self._below(one, (*path, one.response_key)) for one in shown}
        name = writer.name("p")
        with writer.block(f"def {name}(o, {self._extra}P, K):"):
            with writer.block("if o.__class__ is not dict:"):
                writer.line("return E.bad(P, K)")
            self._admission(wanted, keys, path)
            writer.line("q = None" if is_root else f"q = (P, K, {wanted.type_name!r})")
            if self._is_guarded and any(one.needs for one in shown):
                writer.line("r = 0")
            nulls = _refused(wanted)
            is_plain = all(one.conditions == ALWAYS for one in (*shown, *nulls.values()))
            is_plain = is_plain and not wanted.order
            is_direct = not is_plain and not wanted.order
            if not is_plain:
                writer.line("d = {}")
            members: list[str] = []
            for number, one in enumerate(wanted.fields):
                self._nulls(nulls, number, members, is_direct=is_direct)
                if one.hidden:
                    continue
                variable = f"v{number}"
                is_row = is_edge and one.name == "node"
                if one.conditions == ALWAYS:
                    self._field(one, keys, below[one], variable, is_row=is_row)
                    if is_direct:
                        writer.line(f"d[{one.response_key!r}] = {variable}")
                else:
                    with writer.block(f"if V[{self._condition(one.conditions)}]:"):
                        self._field(one, keys, below[one], variable, is_row=is_row)
                        if is_direct:
                            writer.line(f"d[{one.response_key!r}] = {variable}")
                members.append(f"{one.response_key!r}: {variable}")
            self._nulls(nulls, len(wanted.fields), members, is_direct=is_direct)
            for line in in_order(wanted, self._condition):
                writer.line(line)
            if self._is_guarded and any(one.needs for one in shown):
                with writer.block("if r:"):
                    writer.line("release(R, s, r)")
            writer.line("return {" + ", ".join(members) + "}" if is_plain else "return d")
        return name

    def _nulls(
        self,
        nulls: dict[tuple[int, int], SelectedField],
        position: int,
        members: list[str],
        *,
        is_direct: bool,
    ) -> None:
        """Write the refused fields that stand before a position: null, whatever is fetched."""
        for (before, _), one in nulls.items():
            if before != position:
                continue
            if isinstance(self._type(one), GraphQLNonNull):
                with self._writer.block(f"if V[{self._condition(one.conditions)}]:"):
                    self._writer.line("return None")
                continue
            members.append(f"{one.response_key!r}: None")
            if not is_direct:
                continue
            if one.conditions == ALWAYS:
                self._writer.line(f"d[{one.response_key!r}] = None")
            else:
                with self._writer.block(f"if V[{self._condition(one.conditions)}]:"):
                    self._writer.line(f"d[{one.response_key!r}] = None")

    def _admission(
        self, wanted: ObjectSelection, keys: dict[tuple[str, str], str], path: tuple[str, ...]
    ) -> None:
        if not self._is_guarded:
            return
        if wanted.subject_key is not None:
            key = keys[wanted.type_name, wanted.subject_key]
            self._writer.line(f"s = o.get({key!r})")
            self._writer.line("m = M[s] if s.__class__ is str else M(s)")
        if wanted.needs:
            with self._writer.block(f"if m & {wanted.needs} != {wanted.needs}:"):
                where = ".".join(path)
                self._writer.line(f"W.append(({where!r}, s))")
                self._writer.line("return Y")

    def _condition(self, conditions: Conditions) -> int:
        if conditions not in self._conditions:
            self._conditions.append(conditions)
        return self._conditions.index(conditions)

    def _below(self, one: SelectedField, path: tuple[str, ...]) -> str | None:
        """Write the function that completes the values of a composite field or a list."""
        if one.name.startswith("__"):
            return None
        declared = self._type(one)
        nullable = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        if is_leaf_type(nullable):
            return None
        return self._values(nullable, one, path)

    def _type(self, one: SelectedField) -> GraphQLOutputType:
        parent: Any = self._schema.get_type(one.parent_type)
        found: GraphQLOutputType = parent.fields[one.name].type
        return found

    def _values(self, declared: Any, one: SelectedField, path: tuple[str, ...]) -> str:
        """Write a function for nullable values that are lists or objects."""
        if not is_list_type(declared):
            is_edge = one.name == "edges"
            return self._objects(declared, one.selection or Selection({}), path, is_edge=is_edge)
        item = declared.of_type
        is_non_null = isinstance(item, GraphQLNonNull)
        inner: Any = item.of_type if is_non_null else item
        writer = self._writer
        if is_leaf_type(inner):
            return self._leaf_list(inner, is_non_null=is_non_null)
        function = self._values(inner, one, path)
        name = writer.name("l")
        with writer.block(f"def {name}(o, {self._extra}P, K):"):
            with writer.block("if o.__class__ is not list:"):
                writer.line("return E.bad(P, K)")
            writer.line("q = (P, K, None)")
            writer.line("d = []")
            writer.line("i = 0")
            # Rows that are left out shift the index of the answer, not that of a fault.
            with writer.block("for n, v in enumerate(o):" if self._has_faults else "for v in o:"):
                with writer.block("if v is None:"):
                    self._null_item("q", "i", is_non_null=is_non_null)
                with writer.block("else:"):
                    writer.line(f"v = {function}(v, {self._extra}q, i)")
                    if self._is_guarded:
                        with writer.block("if v is Y:"):
                            writer.line("continue")
                    if is_non_null:
                        with writer.block("if v is None:"):
                            writer.line("return None")
                writer.line("d.append(v)")
                writer.line("i += 1")
            writer.line("return d")
        return name

    def _null_item(self, path: str, index: str, *, is_non_null: bool) -> None:
        source = "n" if self._has_faults else index
        if is_non_null:
            self._writer.line(f"return E.null(o, {source}, {path}, {index})")
        elif self._has_faults:
            self._writer.line(f"E.fault(o, {source}, {path}, {index})")

    def _leaf_list(self, named: Any, *, is_non_null: bool) -> str:
        writer = self._writer
        test, coerce = self._leaf(named)
        name = writer.name("l")
        with writer.block(f"def {name}(o, {self._extra}P, K):"):
            with writer.block("if o.__class__ is not list:"):
                writer.line("return E.bad(P, K)")
            writer.line("d = []")
            with writer.block("for n, v in enumerate(o):" if self._has_faults else "for v in o:"):
                with writer.block(f"if not ({test}):"):
                    with writer.block("if v is None:"):
                        self._null_item("(P, K, None)", "len(d)", is_non_null=is_non_null)
                    with writer.block("else:"):
                        writer.line(f"v = {coerce}(v)")
                        with writer.block("if v is None:"):
                            writer.line("E.bad((P, K, None), len(d))")
                            if is_non_null:
                                writer.line("return None")
                writer.line("d.append(v)")
            writer.line("return d")
        return name

    def _objects(
        self, declared: Any, selection: Selection, path: tuple[str, ...], *, is_edge: bool
    ) -> str:
        keys = storage_keys(selection)
        functions = {
            type_name: self._object(wanted, keys, path=path, is_edge=is_edge)
            for type_name, wanted in selection.by_type.items()
        }
        if not is_abstract_type(declared) and len(functions) == 1:
            return next(iter(functions.values()))
        writer = self._writer
        name = writer.name("t")
        members = ", ".join(f"{key!r}: {function}" for key, function in functions.items())
        writer.line(f"{name}_by = {{{members}}}")
        with writer.block(f"def {name}(o, {self._extra}P, K):"):
            writer.line("t = o.get('__typename') if o.__class__ is dict else None")
            test = "t.__class__ is str"
            if any(is_abstract_type(self._schema.get_type(key)) for key in functions):
                test = "isinstance(t, str)"  # an OpaqueName, for objects of an interface object
            writer.line(f"f = {name}_by.get(t) if {test} else None")
            with writer.block("if f is None:"):
                writer.line("return E.bad(P, K)")
            writer.line(f"return f(o, {self._extra}P, K)")
        return name

    def _leaf(self, named: Any) -> tuple[str, str]:
        rule = leaf_rule(named)
        test = rule.fast_test
        if rule.values is not None:
            test = test.replace("{values}", self._writer.constant("L", rule.values))
        return test, self._writer.constant("L", rule.coerce)

    def _field(
        self,
        one: SelectedField,
        keys: dict[tuple[str, str], str],
        function: str | None,
        variable: str,
        *,
        is_row: bool,
    ) -> None:
        writer = self._writer
        if one.name == "__typename":
            if is_abstract_type(self._schema.get_type(one.parent_type)):
                # An interface object of an interface that nothing implements has no type at all.
                writer.line(f"return E.bad(q, {one.response_key!r})")
            writer.line(f"{variable} = {one.parent_type!r}")
            return
        if one.name.startswith("__"):
            writer.line(f"{variable} = I.get({one.response_key!r})")
            return
        key = keys[one.parent_type, one.response_key]
        if self._is_guarded and one.needs:
            with writer.block(f"if m & {one.needs} == {one.needs}:"):
                self._value(one, key, function, variable, is_row=is_row)
                with writer.block(f"if {variable} is not None:"):
                    writer.line(f"r |= {one.needs}")
            with writer.block("else:"):
                is_non_null = isinstance(self._type(one), GraphQLNonNull)
                writer.line("return None" if is_non_null else f"{variable} = None")
        else:
            self._value(one, key, function, variable, is_row=is_row)

    def _value(
        self, one: SelectedField, key: str, function: str | None, variable: str, *, is_row: bool
    ) -> None:
        writer = self._writer
        declared = self._type(one)
        is_non_null = isinstance(declared, GraphQLNonNull)
        response_key = one.response_key
        writer.line(f"v = o.get({key!r})")
        if function is None:
            test, coerce = self._leaf(get_named_type(declared))
            with writer.block(f"if not ({test}):"):
                with writer.block("if v is None:"):
                    self._null(key, response_key, is_non_null=is_non_null)
                with writer.block("else:"):
                    writer.line(f"v = {coerce}(v)")
                    with writer.block("if v is None:"):
                        writer.line(f"E.bad(q, {response_key!r})")
                        if is_non_null:
                            writer.line("return None")
        else:
            with writer.block("if v is None:"):
                self._null(key, response_key, is_non_null=is_non_null)
            with writer.block("else:"):
                writer.line(f"v = {function}(v, {self._extra}q, {response_key!r})")
                if is_non_null:
                    if self._is_guarded:
                        with writer.block("if v is Y:"):
                            writer.line("W.pop()")
                            writer.line("return None")
                    with writer.block("if v is None:"):
                        writer.line("return None")
                elif self._is_guarded:
                    with writer.block("if v is Y:"):
                        if not is_row:  # the node of an edge is a row of the list that was left out
                            writer.line("W.pop()")
                        writer.line("v = None")
        writer.line(f"{variable} = v")

    def _null(self, key: str, response_key: str, *, is_non_null: bool) -> None:
        if is_non_null:
            self._writer.line(f"return E.null(o, {key!r}, q, {response_key!r})")
        elif self._has_faults:
            self._writer.line(f"E.fault(o, {key!r}, q, {response_key!r})")


def _refused(wanted: ObjectSelection) -> dict[tuple[int, int], SelectedField]:
    """Refused selections by (position, order)."""
    return {(position, order): one for order, (position, one) in enumerate(wanted.refused)}


def release(released: dict[str, int], subject: Any, bits: int) -> None:
    """Note that values needing these bits of a subject (or of each in a list) were released."""
    if subject.__class__ is str:
        released[subject] = released.get(subject, 0) | bits
    elif subject.__class__ is list:
        for one in subject:
            release(released, one, bits)
