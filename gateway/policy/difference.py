"""What became visible to whom between two access tables, and who approved it.

Compares the readable form of the table (``policy table``, ``tests/golden/access_table.txt``), so
that any two commits can be held against each other without their code. A widening is an error
until an approval file names it, line by line.

A coordinate that is new in the schema widens nothing where its column had its labels already, on
grounds that are no easier: what the agreement opens is a category to a role, and the label says
which category the new field is of.

What was approved last is kept in a short form, ``approved.txt``: for each column and label the
grounds on which any coordinate of that label opens, and the purposes. It needs no history.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.policy.access_table import PURPOSES_ROW
from gateway.policy.errors import PolicyError
from gateway.policy.lines import Lines, only_keys
from infra.authority import expression
from infra.vocabulary import Basis

FREE_LABELS = frozenset({"STRUCTURE", "CATALOGUE"})
_APPROVAL_KEYS = frozenset({"column", "coordinate", "becomes", "reason", "approved_by", "on"})


@dataclass(frozen=True, slots=True)
class Row:
    """What one column may have of one coordinate.

    Attributes:
        access: ``free`` or ``consent``; ``-`` for the row of purposes.
        labels: grounds by label (``GOALS_PLAN:SUMMARY``); purposes as labels without grounds.
    """

    column: str
    coordinate: str
    access: str
    labels: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return how an approval names it."""
        separator = "," if self.coordinate == PURPOSES_ROW else "+"
        named = separator.join(
            f"{label}[{grounds}]" if grounds else label
            for label, grounds in sorted(self.labels.items())
        )
        return f"{self.access} {named}"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a difference."""

    column: str
    coordinate: str
    before: Row | None
    after: Row | None
    was_held: bool = False
    """The coordinate is new, and of labels that the column had before on the same grounds."""

    @property
    def is_wider(self) -> bool:
        """Return whether somebody may see more than before."""
        if self.after is None:
            return False
        if self.before is None:
            return not self.was_held and bool(set(self.after.labels) - FREE_LABELS)
        return not _is_within(self.after, self.before)

    @property
    def text(self) -> str:
        """Return the line as it is printed."""
        sign = "wider" if self.is_wider else "other"
        before = "nothing" if self.before is None else self.before.text
        after = "nothing" if self.after is None else self.after.text
        return f"{sign}  {self.column}  {self.coordinate}  {before} -> {after}"


@dataclass(frozen=True, slots=True)
class Approval:
    """One widening that somebody answers for."""

    column: str
    coordinate: str
    becomes: str
    reason: str
    approved_by: str
    on: date
    where: str


def parse_table(text: str, name: str) -> dict[tuple[str, str], Row]:
    """Read the readable form of a table.

    Raises:
        PolicyError: a line that is none of a table.
    """
    rows: dict[tuple[str, str], Row] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or line.startswith("policy ok:"):
            continue
        if len(words) != 4 or words[2] not in ("free", "consent", "-"):
            raise PolicyError("not a line of an access table", f"{name}:{number}")
        column, coordinate, access, named = words
        separator = "," if coordinate == PURPOSES_ROW else "+"
        labels = dict(_label(each) for each in named.split(separator) if each != "none")
        rows[column, coordinate] = Row(column, coordinate, access, labels)
    return rows


def _label(text: str) -> tuple[str, str]:
    label, _, grounds = text.partition("[")
    return label, grounds.removesuffix("]")


def difference(
    before: Mapping[tuple[str, str], Row], after: Mapping[tuple[str, str], Row]
) -> list[Change]:
    """Return what differs, widenings first."""
    known = {coordinate for _, coordinate in before}
    had = {key: [row] for key, row in held(before).items()}
    changes = [
        Change(
            *key,
            before.get(key),
            after.get(key),
            was_held=key[1] not in known and _was_held(after[key], had),
        )
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
    return sorted(changes, key=lambda change: not change.is_wider)


def held(table: Mapping[tuple[str, str], Row]) -> dict[tuple[str, str], Row]:
    """Return what each column holds: a row for each label, with the easiest grounds, and purposes.

    Several grounds of one label become alternatives, as whoever has any of them gets something of
    that label.
    """
    found = {key: row for key, row in table.items() if row.coordinate == PURPOSES_ROW}
    for column, label, access, grounds in _holdings(table.values()):
        key = (column, label)
        kept = found.get(key, Row(column, label, access, {label: grounds}))
        easiest = {*kept.labels[label].split("|"), *grounds.split("|")} - {""}
        is_free = "free" in (access, kept.access)
        found[key] = Row(
            column, label, "free" if is_free else "consent", {label: "|".join(sorted(easiest))}
        )
    return found


def _holdings(rows: Iterable[Row]) -> Iterator[tuple[str, str, str, str]]:
    for row in rows:
        if row.coordinate != PURPOSES_ROW:
            for label, grounds in row.labels.items():
                if label not in FREE_LABELS:
                    yield row.column, label, row.access, grounds


def _was_held(after: Row, had: Mapping[tuple[str, str], Collection[Row]]) -> bool:
    """Return whether a column had each label of a coordinate as a whole, on grounds as easy."""
    return all(
        any(
            _is_within(Row(after.column, label, after.access, {label: grounds}), kept)
            for kept in had.get((after.column, label), ())
        )
        for label, grounds in after.labels.items()
        if label not in FREE_LABELS
    )


def table_lines(table: Mapping[tuple[str, str], Row]) -> str:
    """Return a table as ``parse_table`` reads it, in order."""
    return "".join(
        f"{column} {coordinate} {row.text if row.labels else f'{row.access} none'}\n"
        for (column, coordinate), row in sorted(table.items())
    )


def _is_within(after: Row, before: Row) -> bool:
    """Return whether everything that ``after`` allows was allowed before."""
    if after.coordinate == PURPOSES_ROW:
        return set(after.labels) <= set(before.labels)
    if before.access == "consent" and after.access == "free":
        return False
    # Every label is a further condition: fewer of them, or easier grounds, are wider.
    return all(
        label in after.labels and _implies(after.labels[label], grounds)
        for label, grounds in before.labels.items()
        if label not in FREE_LABELS
    )


def _implies(after: str, before: str) -> bool:
    """Return whether whoever has the grounds ``after`` has the grounds ``before`` as well."""
    if not before or not after:
        return before == after
    any_ground = frozenset({Basis.ANY})
    known = [part - any_ground for part in expression.parse(before)]
    return all(any(part <= each - any_ground for part in known) for each in expression.parse(after))


def load_approvals(text: str, name: str) -> list[Approval]:
    """Read an approval file: an array of tables ``approval`` with all of its keys.

    Raises:
        PolicyError: a key is missing, empty or unknown.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}", name) from None
    lines = Lines(text, name)
    approvals = []
    for entry in document.get("approval", ()):
        where = lines.where_set("coordinate", entry.get("coordinate", ""))
        if unknown := only_keys(entry, _APPROVAL_KEYS):
            raise PolicyError(f"unknown key {unknown[0]}", where)
        texts = [entry.get(key) for key in sorted(_APPROVAL_KEYS - {"on"})]
        if not all(isinstance(each, str) and each.strip() for each in texts):
            raise PolicyError("an approval says column, coordinate, becomes, reason, who", where)
        if type(entry.get("on")) is not date:
            raise PolicyError("an approval has a date: on = 2026-01-31", where)
        approvals.append(Approval(**entry, where=where))
    return approvals


def unapproved(
    changes: Iterable[Change], approvals: Iterable[Approval], *, are_standing: bool = False
) -> list[Change]:
    """Return the widenings that no approval names.

    Args:
        changes: what differs.
        approvals: what somebody answers for.
        are_standing: some of them may be about earlier changes than these, and one of a label as
            a whole covers the coordinates of that label.

    Raises:
        PolicyError: an approval of something that does not widen; it would wait for a later
            change that nobody has looked at.
    """
    named = {
        (change.column, change.coordinate, change.after.text): (change, change.after)
        for change in changes
        if change.after is not None and change.is_wider
    }
    approved = set()
    labels: dict[tuple[str, str], list[Row]] = {}
    for approval in approvals:
        key = (approval.column, approval.coordinate, approval.becomes)
        if key not in named and not are_standing:
            raise PolicyError("the approval names no widening of this change", approval.where)
        approved.add(key)
        access, _, becomes = approval.becomes.partition(" ")
        label, grounds = _label(becomes)
        if are_standing and label == approval.coordinate:
            whole = Row(approval.column, label, access, {label: grounds})
            labels.setdefault((approval.column, label), []).append(whole)
    return [
        change
        for key, (change, after) in named.items()
        if key not in approved
        and not (set(after.labels) - FREE_LABELS and _was_held(after, labels))
    ]
