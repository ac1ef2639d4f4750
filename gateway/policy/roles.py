"""The role pass: what this role can never see leaves the operation before a plan exists.

Works on the normalised operation, that is on concrete object types only, so aliases, fragments,
interfaces and unions cannot get round it. A refused field is never fetched and answers null, with
one static error per coordinate; what remains is annotated with the bits that its participant must
grant, and with the hidden fields that say whose data it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gateway.planner.selection import (
    ALWAYS,
    Conditions,
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    both_of,
    with_hidden_field,
)
from gateway.policy.access_table import BITS, View
from gateway.policy.labels import Coordinate, Label, Labels
from infra.vocabulary import WITHOUT_NAMES, Category, Form

_FREE = (Category.STRUCTURE, Category.CATALOGUE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused selection; depends on operation, role and purpose alone.

    Attributes:
        coordinate: ``Type.field``.
        path: response keys without list indices.
        conditions: under which ``@skip``/``@include`` it is selected at all.
        locations: (line, column) in the client's document.
        places: when it is selected at each of these; () where that is whenever it is.
    """

    coordinate: str
    path: tuple[str, ...]
    conditions: Conditions
    locations: tuple[tuple[int, int], ...]
    places: tuple[Conditions, ...] = ()

    def selected(self, variables: Mapping[str, object]) -> "Refusal | None":
        """Return it with the locations that these variables select; None if none is."""
        if not holds(self.conditions, variables):
            return None
        if not self.places:
            return self
        placed = zip(self.locations, self.places, strict=True)
        kept = tuple(where for where, when in placed if holds(when, variables))
        return replace(self, locations=kept, places=())


@dataclass(frozen=True, slots=True)
class PrunedOperation:
    """An operation as one view may run it.

    Attributes:
        operation: without what is refused, annotated with needs and subjects.
        refusals: what is refused.
        governed: paths of the selected fields that consent governs (``extensions.consent``).
        coordinates: consent-governed coordinates by category, for the disclosure record.
        labels: of all that is selected and consent-governed, and of figures, for the obligations.
        is_catalogue_only: nothing but catalogue was asked for: no release gate.
        uses_lists: reads a list of participants (relies on ``visible:A``).
    """

    operation: NormalizedOperation
    refusals: tuple[Refusal, ...]
    governed: tuple[str, ...]
    coordinates: Mapping[Category, tuple[str, ...]]
    labels: frozenset[Label]
    is_catalogue_only: bool
    uses_lists: bool


class _Pass:
    def __init__(self, view: View, labels: Labels) -> None:
        self._view = view
        self._labels = labels
        self.refusals: list[Refusal] = []
        self.governed: dict[str, None] = {}
        self.coordinates: dict[Category, set[str]] = {}
        self.labels: set[Label] = set()
        self.is_catalogue_only = True
        self.uses_lists = False

    def object(
        self,
        selection: ObjectSelection,
        path: tuple[str, ...],
        conditions: Conditions,
        selected_by: int = 0,
    ) -> ObjectSelection:
        """Prune one object; ``selected_by`` are bits of the arguments that chose its rows."""
        is_row = selection.type_name in self._labels.about
        fields: list[SelectedField] = []
        refused: list[tuple[int, SelectedField]] = []
        for number, field in enumerate(selection.fields):
            refused += [(len(fields), one) for at, one in selection.refused if at == number]
            kept = self._field(field, path, conditions, 0 if is_row else selected_by)
            if kept is None:
                refused.append((len(fields), field))
            else:
                fields.append(kept)
        last = len(selection.fields)
        refused += [(len(fields), one) for at, one in selection.refused if at == last]
        needs = self._view.type_needs.get(selection.type_name, 0) | (selected_by * is_row)
        changed = replace(selection, fields=tuple(fields), needs=needs, refused=tuple(refused))
        if not fields and path:  # the object itself still shows whether it is there
            changed, _ = with_hidden_field(changed, "__typename")
        subject = self._labels.about.get(selection.type_name)
        if subject is not None and (needs or _has_needs(changed)):
            changed, key = with_hidden_field(changed, subject)
            changed = replace(changed, subject_key=key)
        return changed

    def _field(
        self, field: SelectedField, path: tuple[str, ...], conditions: Conditions, selected_by: int
    ) -> SelectedField | None:
        if field.name.startswith("__"):
            return field
        coordinate: Coordinate = (field.parent_type, field.name)
        here = (*path, field.response_key)
        required = self._labels.fields[coordinate]
        self._note(required)
        both = both_of(conditions, field.conditions)
        if coordinate in self._view.refused:
            self.is_catalogue_only = False
            self._refuse(".".join(coordinate), here, both, field)
            return None
        for argument in field.arguments:
            name = argument.name.value
            bits = self._view.arguments.get((coordinate, name), 0)
            if bits is None:
                self.is_catalogue_only = False
                self._refuse(f"{'.'.join(coordinate)}({name}:)", here, both, field)
                return None
            selected_by |= bits
        if coordinate in self._labels.lists:
            # How many there are, and that there are any, is about people: a bare count passes
            # the release gate as the rows do.
            self.uses_lists = True
            self.is_catalogue_only = False
        self.labels |= {label for label in required if label.form in WITHOUT_NAMES}
        needs = self._view.needs.get(coordinate, 0)
        if needs:
            self.governed[".".join(here)] = None
            self.labels |= {label for label in required if label.is_consent_governed}
            for category, bit in BITS.items():
                if needs & bit:
                    self.coordinates.setdefault(category, set()).add(".".join(coordinate))
        selection = field.selection
        if selection is not None:
            selection = Selection(
                {
                    name: self.object(one, here, both, selected_by)
                    for name, one in selection.by_type.items()
                }
            )
            if any(one.needs for one in selection.by_type.values()):
                self.is_catalogue_only = False
                self.governed[".".join(here)] = None
                self.labels |= {
                    self._labels.types[name] for name, one in selection.by_type.items() if one.needs
                }
        return replace(field, needs=needs, selection=selection)

    def _refuse(
        self, what: str, path: tuple[str, ...], conditions: Conditions, field: SelectedField
    ) -> None:
        self.refusals.append(Refusal(what, path, conditions, field.locations, field.places))

    def _note(self, required: frozenset[Label]) -> None:
        """Note what a field makes of the operation as a whole, whoever may read it."""
        if any(label.category not in _FREE for label in required):
            self.is_catalogue_only = False
        # De-identified rows rest on an agreement, whose end moves the key of lists.
        self.uses_lists |= any(label.form is Form.DEIDENTIFIED for label in required)


def _has_needs(selection: ObjectSelection) -> bool:
    return any(_needs(field) for field in selection.fields)


def _needs(field: SelectedField) -> bool:
    if field.needs:
        return True
    if field.selection is None:
        return False
    return any(one.needs or _has_needs(one) for one in field.selection.by_type.values())


def prune(operation: NormalizedOperation, view: View, labels: Labels) -> PrunedOperation:
    """Run the role pass.

    Args:
        operation: normalised, as the client asked.
        view: what this column can ever see with this purpose.
        labels: of the same supergraph.
    """
    role_pass = _Pass(view, labels)
    root = role_pass.object(operation.root, (), ALWAYS)
    return PrunedOperation(
        operation=replace(operation, root=root),
        refusals=tuple(role_pass.refusals),
        governed=tuple(role_pass.governed),
        coordinates=MappingProxyType(
            {category: tuple(sorted(names)) for category, names in role_pass.coordinates.items()}
        ),
        labels=frozenset(role_pass.labels),
        is_catalogue_only=role_pass.is_catalogue_only and operation.kind != "mutation",
        uses_lists=role_pass.uses_lists,
    )


def holds(conditions: Conditions, variables: Mapping[str, object]) -> bool:
    """Return whether a selection under these conditions is selected with these variables."""
    return any(
        all(variables.get(name) is value for name, value in literals) for literals in conditions
    )


def selected_refusals(
    pruned: PrunedOperation, variables: Mapping[str, object]
) -> Iterator[Refusal]:
    """Yield the refusals that these variables select, one for each coordinate."""
    seen = set()
    for refusal in pruned.refusals:
        selected = None if refusal.coordinate in seen else refusal.selected(variables)
        if selected is not None:
            seen.add(selected.coordinate)
            yield selected
