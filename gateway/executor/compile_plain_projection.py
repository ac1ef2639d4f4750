"""Compile the projection for the plain case: nothing failed, and everybody seen grants everything.

Then no object is absent, and each value can be taken as it stands once its type is checked; the
code has neither paths nor masks in it.  Anything else (a value of a wrong type, a null that must
not be, a subject that nobody has decided about) raises, and the exact projection of
`compile_projection` says what is wrong and where.  Equal selections share their code.

Names in the written code: o object, s subject, V conditions by number, R bits released by subject,
I introspection results.
"""

from typing import Any, Final

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

_TESTS: Final = {
    "String": "type({v}) is not str",
    "Int": "(type({v}) is not int or not -2147483648 <= {v} < 2147483648)",
    "Float": "type({v}) is not float and type({v}) is not int",
    "Boolean": "type({v}) is not bool",
    "ID": "type({v}) is not str",
}
"""True of a value that is not at once of the type; `ID` is asked after integers became text."""


class NotPlainError(Exception):
    """The answer is not of the plain kind; project it exactly."""


class PlainProjectionCompiler:
    """Writes `make(V, R, I)`, which gives the function of the root object."""

    def __init__(
        self, schema: GraphQLSchema, writer: SourceWriter, conditions: list[Conditions]
    ) -> None:
        self._schema = schema
        self._writer = writer
        self._conditions = conditions
        self._written: dict[str, str] = {}
        self.needs = 0
        writer.constants["NotPlainError"] = NotPlainError

    def write(self, root: ObjectSelection) -> bool:
        """Write the whole projection; False if some needs are nobody's to grant."""
        if not self._has_subjects(root, has_subject=False):
            return False
        with self._writer.block("def make(V, R, I):"):
            keys = storage_keys(Selection({root.type_name: root}))
            name = self._object(root, keys)
            self._writer.line(f"return lambda o: {name}(o, None)")
        return True

    def _has_subjects(self, wanted: ObjectSelection, *, has_subject: bool) -> bool:
        """Whether each selection with needs has a subject; adds up what is needed."""
        has_subject = has_subject or wanted.subject_key is not None
        needs = wanted.needs
        for one in wanted.fields:
            if one.hidden:
                continue
            needs |= one.needs
            if one.selection is not None:
                for inner in one.selection.by_type.values():
                    if not self._has_subjects(inner, has_subject=has_subject):
                        return False
        self.needs |= needs
        return has_subject or not needs

    def _object(self, wanted: ObjectSelection, keys: dict[tuple[str, str], str]) -> str:
        shown = [one for one in wanted.fields if not one.hidden]
        body = self._lost(wanted)
        subject = wanted.subject_key and keys[wanted.type_name, wanted.subject_key]
        if subject is not None:
            body.append(f"s = o[{subject!r}]")
        is_plain = all(one.conditions == ALWAYS for one in shown) and all(
            one.conditions == ALWAYS for _, one in wanted.refused
        )
        is_plain = is_plain and not wanted.order
        values: list[str] = []
        members: list[str] = []
        needed: list[tuple[str, SelectedField]] = []
        leaves: list[str] = []
        nested: list[str] = []
        for number, one in enumerate(wanted.fields):
            if one.hidden:
                continue
            variable = f"v{number}"
            lines = nested if self._is_composite(one) else leaves
            into: list[str] = []
            read = self._field(one, keys, variable, into)
            if one.conditions == ALWAYS:
                values.append(read)
                lines += into
            else:
                values.append(f"{variable} = None")
                head = f"if V[{self._condition(one.conditions)}]:"
                lines += [head, *(f"    {line}" for line in (read, *into))]
            members.append(f"{one.response_key!r}: {variable}")
            if one.needs:
                needed.append((variable, one))
        body += [*values, *leaves, *nested, *self._releases(needed)]
        if is_plain:
            ordered = self._ordered(wanted, members)
            body.append("return {" + ", ".join(ordered) + "}")
        else:
            lines = in_order(wanted, self._condition) or self._one_by_one(wanted)
            body += ["d = {}", *lines, "return d"]
        return self._function("p", body)

    def _lost(self, wanted: ObjectSelection) -> list[str]:
        """Refused fields that must not be null take their object with them."""
        return [
            f"if V[{self._condition(one.conditions)}]: raise NotPlainError"
            for _, one in wanted.refused
            if isinstance(self._type(one), GraphQLNonNull)
        ]

    def _ordered(self, wanted: ObjectSelection, members: list[str]) -> list[str]:
        """Members with the refused fields where the client's document has them."""
        ordered: list[str] = []
        shown = iter(members)
        for number, one in enumerate(wanted.fields):
            ordered += [f"{r.response_key!r}: None" for at, r in wanted.refused if at == number]
            if not one.hidden:
                ordered.append(next(shown))
        last = len(wanted.fields)
        return ordered + [f"{r.response_key!r}: None" for at, r in wanted.refused if at == last]

    def _one_by_one(self, wanted: ObjectSelection) -> list[str]:
        lines: list[str] = []

        def put(key: str, value: str, conditions: Conditions) -> None:
            line = f"d[{key!r}] = {value}"
            if conditions != ALWAYS:
                line = f"if V[{self._condition(conditions)}]: {line}"
            lines.append(line)

        for number, one in enumerate(wanted.fields):
            for at, refused in wanted.refused:
                if at == number:
                    put(refused.response_key, "None", refused.conditions)
            if not one.hidden:
                put(one.response_key, f"v{number}", one.conditions)
        for at, refused in wanted.refused:
            if at == len(wanted.fields):
                put(refused.response_key, "None", refused.conditions)
        return lines

    def _releases(self, needed: list[tuple[str, SelectedField]]) -> list[str]:
        """Note what is disclosed: the needs of values that are not null."""
        if not needed:
            return []
        everything = 0
        for _, one in needed:
            everything |= one.needs
        sure = all(self._is_sure(one) for _, one in needed)
        if sure:
            return [f"R[s] |= {everything}"]
        test = " or ".join(f"{name} is None" for name, one in needed if not self._is_sure(one))
        return [
            f"if {test}:",
            "    r = 0",
            *(f"    if {name} is not None: r |= {one.needs}" for name, one in needed),
            "    R[s] |= r",
            f"else: R[s] |= {everything}",
        ]

    def _is_sure(self, one: SelectedField) -> bool:
        """Whether a field has a value whenever the plain case holds."""
        if one.conditions != ALWAYS:
            return False
        return one.name == "__typename" or (
            not one.name.startswith("__") and isinstance(self._type(one), GraphQLNonNull)
        )

    def _function(self, prefix: str, body: list[str]) -> str:
        text = "\n".join(body)
        name = self._written.get(text)
        if name is None:
            name = self._written[text] = self._writer.name(prefix)
            with self._writer.block(f"def {name}(o, s):"):
                for line in body:
                    self._writer.line(line)
        return name

    def _condition(self, conditions: Conditions) -> int:
        if conditions not in self._conditions:
            self._conditions.append(conditions)
        return self._conditions.index(conditions)

    def _type(self, one: SelectedField) -> GraphQLOutputType:
        parent: Any = self._schema.get_type(one.parent_type)
        found: GraphQLOutputType = parent.fields[one.name].type
        return found

    def _is_composite(self, one: SelectedField) -> bool:
        return not one.name.startswith("__") and not is_leaf_type(get_named_type(self._type(one)))

    def _field(
        self,
        one: SelectedField,
        keys: dict[tuple[str, str], str],
        variable: str,
        into: list[str],
    ) -> str:
        """Return the line that reads a field; adds those that check or project it."""
        if one.name == "__typename":
            if is_abstract_type(self._schema.get_type(one.parent_type)):
                into.append("raise NotPlainError")  # an object of no type at all
            return f"{variable} = {one.parent_type!r}"
        if one.name.startswith("__"):
            return f"{variable} = I.get({one.response_key!r})"
        declared = self._type(one)
        self._checks(declared, one, variable, into)
        return f"{variable} = o[{keys[one.parent_type, one.response_key]!r}]"

    def _checks(self, declared: Any, one: SelectedField, variable: str, into: list[str]) -> None:
        is_non_null = isinstance(declared, GraphQLNonNull)
        nullable = declared.of_type if is_non_null else declared
        if is_leaf_type(nullable):
            into += self._leaf(nullable, variable, is_non_null=is_non_null)
            return
        if is_non_null:
            into.append(f"if {variable} is None: raise NotPlainError")
            into += self._value(nullable, one, variable)
            return
        into.append(f"if {variable} is not None:")
        into += [f"    {line}" for line in self._value(nullable, one, variable)]

    def _leaf(self, named: Any, variable: str, *, is_non_null: bool) -> list[str]:
        lines: list[str] = []
        rule = leaf_rule(named)
        if rule.values is not None:
            values = self._writer.constant("L", rule.values)
            test = f"{variable} not in {values}"
        elif named.name in _TESTS:
            test = _TESTS[named.name].format(v=variable)
        else:
            return [f"if {variable} is None: raise NotPlainError"] if is_non_null else []
        if named.name == "ID":
            lines.append(f"if type({variable}) is int: {variable} = str({variable})")
        allowed = "" if is_non_null else f" and {variable} is not None"
        lines.append(f"if {test}{allowed}: raise NotPlainError")
        return lines

    def _value(self, declared: Any, one: SelectedField, variable: str) -> list[str]:
        """Lines that project a value that is not null, in place."""
        if not is_list_type(declared):
            return [f"{variable} = {self._call(declared, one)}({variable}, s)"]
        check = f"if type({variable}) is not list: raise NotPlainError"
        item = declared.of_type
        is_non_null = isinstance(item, GraphQLNonNull)
        inner: Any = item.of_type if is_non_null else item
        if is_leaf_type(inner):
            row = "y" if variable == "x" else "x"  # inside a list of lists, x is the list
            checks = self._leaf(inner, row, is_non_null=is_non_null)
            if not checks:
                return [check]
            if inner.name == "ID":
                body = ["d = []", f"for {row} in o:", *(f"    {line}" for line in checks)]
                body += [f"    d.append({row})", "return d"]
                return [check, f"{variable} = {self._function('l', body)}({variable}, s)"]
            return [check, f"for {row} in {variable}:", *(f"    {line}" for line in checks)]
        if is_list_type(inner):
            body = ["d = []", "for x in o:"]
            if is_non_null:
                body.append("    if x is None: raise NotPlainError")
            body.append("    if x is not None:")
            body += [f"        {line}" for line in self._value(inner, one, "x")]
            body += ["    d.append(x)", "return d"]
            return [check, f"{variable} = {self._function('l', body)}({variable}, s)"]
        call = f"{self._call(inner, one)}(x, s)"
        if not is_non_null:
            call = f"None if x is None else {call}"
        return [check, f"{variable} = [{call} for x in {variable}]"]

    def _call(self, declared: Any, one: SelectedField) -> str:
        selection = one.selection or Selection({})
        keys = storage_keys(selection)
        functions = {
            type_name: self._object(wanted, keys) for type_name, wanted in selection.by_type.items()
        }
        if not is_abstract_type(declared) and len(functions) == 1:
            return next(iter(functions.values()))
        members = ", ".join(f"{key!r}: {function}" for key, function in functions.items())
        name = self._written.get(members)
        if name is None:
            name = self._written[members] = self._writer.name("b")
            self._writer.line(f"{name} = {{{members}}}")
        return self._function("t", [f"return {name}[o['__typename']](o, s)"])
