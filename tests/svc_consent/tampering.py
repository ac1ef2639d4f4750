"""What somebody who owns the database can do to a lane of the ledger: one edit at random.

Each says which entry is the first that is not as it was, by what a forger cannot make: the hashes
of a chain that he does not write anew, and the signed heads of one that he does. What came after
the last signed head, a minute at most, can be cut off or written anew without a trace in the
database; no edit here does that alone.
"""

import json
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from svc_consent.disclosures.rules import GENESIS, canonical, link


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as it stands: how many entries, and where its heads were signed."""

    owner: Any
    name: str
    length: int
    signed: list[int]
    dice: random.Random

    def somewhere(self) -> int:
        """Return the number of an entry."""
        return self.dice.randint(1, self.length)

    def before_the_last_head(self) -> int:
        """Return the number of an entry that a signed head covers."""
        return self.dice.randint(1, self.signed[-1])

    async def run(self, statement: str, *given: Any) -> None:
        """Run a statement; its first parameter is the lane."""
        await self.owner.execute(statement, self.name, *given)

    async def row(self, sequence: int) -> Any:
        """Return one entry."""
        return await self.owner.fetchrow(
            "select *, entry::text as text from ledger_entry where lane = $1 and sequence = $2",
            self.name, sequence,
        )  # fmt: skip


async def lane_of(owner: Any, name: str, dice: random.Random) -> Lane:
    """Look at a lane."""
    length = await owner.fetchval("select sequence from ledger_lane where lane = $1", name)
    heads = await owner.fetch(
        "select distinct sequence from ledger_signed_head where lane = $1 order by 1", name
    )
    return Lane(owner, name, length, [row[0] for row in heads], dice)


async def a_bit_of_a_hash(lane: Lane) -> int:
    at = lane.somewhere()
    await lane.run(
        "update ledger_entry set hash = set_bit(hash, $3, 1 - get_bit(hash, $3))"
        " where lane = $1 and sequence = $2", at, lane.dice.randrange(256),
    )  # fmt: skip
    return at


async def a_bit_of_the_content(lane: Lane) -> int:
    at = lane.somewhere()
    entry = json.loads((await lane.row(at))["text"])
    holder, key = lane.dice.choice(list(_leaves(entry)))
    holder[key] = _other(holder[key], lane.dice)
    await lane.run(
        "update ledger_entry set entry = $3::text::jsonb where lane = $1 and sequence = $2",
        at, json.dumps(entry),
    )  # fmt: skip
    return at


def _leaves(part: Any) -> Iterator[tuple[Any, Any]]:
    """Yield everything that can be changed, with what holds it."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, dict | list):
            yield from _leaves(value)
        elif value not in (None, ""):
            yield part, key


def _other(value: Any, dice: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(8))
    at = dice.randrange(len(value))
    return value[:at] + chr(ord(value[at]) ^ dice.choice((1, 2, 4, 8, 16))) + value[at + 1 :]


async def a_bit_of_a_column(lane: Lane) -> int:
    at = lane.somewhere()
    row, bit = await lane.row(at), 1 << lane.dice.randrange(40)
    column, value = lane.dice.choice(
        [
            ("release_id", UUID(int=row["release_id"].int ^ bit)),
            ("recorded_at", row["recorded_at"] + timedelta(microseconds=bit)),
        ]
    )
    await lane.run(
        f"update ledger_entry set {column} = $3 where lane = $1 and sequence = $2",
        at, value,
    )  # fmt: skip
    return at


async def a_bit_of_the_index(lane: Lane) -> int:
    """Who is told of which entry in an accounting."""
    rows = await lane.owner.fetch("select * from ledger_about where lane = $1", lane.name)
    row = lane.dice.choice(rows)
    column, value = lane.dice.choice(
        [
            ("pseudonym", UUID(int=row["pseudonym"].int ^ (1 << lane.dice.randrange(128)))),
            ("recorded_at", row["recorded_at"] + timedelta(microseconds=1)),
            ("sequence", row["sequence"] ^ (1 << lane.dice.randrange(4))),
            ("part", row["part"] ^ (1 << lane.dice.randrange(4))),
        ]
    )
    await lane.run(
        f"update ledger_about set {column} = $2"
        " where lane = $1 and sequence = $3 and part = $4 and pseudonym = $5",
        value, row["sequence"], row["part"], row["pseudonym"],
    )  # fmt: skip
    if column == "sequence" and 1 <= value <= lane.length:
        return int(min(value, row["sequence"]))
    return int(row["sequence"])


async def a_bit_of_a_signed_head(lane: Lane) -> int:
    at = lane.dice.choice(lane.signed)
    change = lane.dice.choice(
        [
            "hash = set_bit(hash, $3, 1 - get_bit(hash, $3))",
            "signature = set_bit(signature, $3, 1 - get_bit(signature, $3))",
            "signed_at = signed_at + make_interval(secs => $3 + 1)",
            "kid = kid || $3::int::text",
        ]
    )
    await lane.run(
        f"update ledger_signed_head set {change} where lane = $1 and sequence = $2",
        at, lane.dice.randrange(256),
    )  # fmt: skip
    return at


async def a_bit_of_the_lane(lane: Lane) -> int:
    if lane.dice.random() < 0.5:
        await lane.run(
            "update ledger_lane set hash = set_bit(hash, $2, 1 - get_bit(hash, $2))"
            " where lane = $1", lane.dice.randrange(256),
        )  # fmt: skip
        return lane.length + 1
    length = lane.length ^ (1 << lane.dice.randrange(8))
    await lane.run("update ledger_lane set sequence = $2 where lane = $1", length)
    return min(length, lane.length) + 1


async def an_entry_away(lane: Lane) -> int:
    at, last = lane.somewhere(), lane.dice.random() < 0.5
    await lane.run("delete from ledger_entry where lane = $1 and sequence = $2", at)
    if last:
        await lane.run("delete from ledger_about where lane = $1 and sequence = $2", at)
    return at


async def somebody_out_of_the_index(lane: Lane) -> int:
    rows = await lane.owner.fetch(
        "select distinct sequence from ledger_about where lane = $1", lane.name
    )
    at = lane.dice.choice(rows)[0]
    await lane.run(
        "delete from ledger_about where lane = $1 and sequence = $2 and part = (select max(part)"
        " from ledger_about where lane = $1 and sequence = $2)", at,
    )  # fmt: skip
    return int(at)


async def two_in_the_other_order(lane: Lane) -> int:
    first, second = sorted(lane.dice.sample(range(1, lane.length + 1), 2))
    tables = ["ledger_entry", *(["ledger_about"] if lane.dice.random() < 0.5 else [])]
    for table in tables:
        for old, new in ((first, -second), (second, first), (-second, second)):
            await lane.run(
                f"update {table} set sequence = $3 where lane = $1 and sequence = $2",
                old, new,
            )  # fmt: skip
    return first


async def one_more(lane: Lane) -> int:
    """An entry put in or added: as a copy, or chained to what stands before it."""
    at = lane.dice.randint(1, lane.length + 1)
    like = await lane.row(lane.somewhere())
    before = await lane.row(at - 1)
    for table in ("ledger_entry", "ledger_about"):
        for change in ("-(sequence + 1) where lane = $1 and sequence >= $2", "-sequence"):
            where = "" if "where" in change else " where lane = $1 and sequence < 0 and $2 > 0"
            await lane.run(f"update {table} set sequence = {change}{where}", at)
    release, entry, hash_ = uuid4(), json.loads(like["text"]), like["hash"]
    is_chained = lane.dice.random() < 0.5
    entry["parts"] = [{**part, "participant": None} for part in entry["parts"]]
    if is_chained:
        entry |= {"sequence": at, "releaseId": str(release)}
        hash_ = link(before["hash"] if before else GENESIS, canonical(entry))
    await lane.run(
        "insert into ledger_entry (lane, sequence, hash, release_id, recorded_at, entry)"
        " values ($1, $2, $3, $4, $5, $6::text::jsonb)",
        at, hash_, release, like["recorded_at"], json.dumps(entry),
    )  # fmt: skip
    # Of two that claim one place the one that does not follow the other is named.
    is_named = not is_chained or at in lane.signed or at > lane.length
    return at if is_named else at + 1


async def the_end_cut_off(lane: Lane) -> int:
    """The end away, or the whole lane as it once was."""
    is_set_back = lane.dice.random() < 0.5
    left = lane.dice.randrange(lane.signed[-1] if is_set_back else lane.length)
    for table in ("ledger_about", "ledger_entry"):
        await lane.run(
            f"delete from {table} where lane = $1 and sequence > $2",
            left,
        )
    if is_set_back:
        row = await lane.row(left)
        await lane.run(
            "update ledger_lane set sequence = $2, hash = $3 where lane = $1",
            left, row["hash"] if row else GENESIS,
        )  # fmt: skip
    return left + 1


async def an_older_row_again(lane: Lane) -> int:
    """An entry in the place of another one, with its hash and who is told of it."""
    old, at = sorted(lane.dice.sample(range(1, lane.length + 1), 2))
    row = await lane.row(old)
    await lane.run("delete from ledger_about where lane = $1 and sequence = $2", at)
    await lane.run(
        "update ledger_entry set entry = $3::text::jsonb, hash = $4, recorded_at = $5"
        " where lane = $1 and sequence = $2",
        at, row["text"], row["hash"], row["recorded_at"],
    )  # fmt: skip
    await lane.run(
        "insert into ledger_about (pseudonym, recorded_at, lane, sequence, part)"
        " select pseudonym, recorded_at, lane, $3, part from ledger_about"
        " where lane = $1 and sequence = $2", old, at,
    )  # fmt: skip
    return at


async def another_chain_from_here(lane: Lane) -> int:
    """One entry changed and all hashes after it made anew: a fork."""
    at = lane.before_the_last_head()
    entry = json.loads((await lane.row(at))["text"])
    entry["subject"] = f"other-{lane.dice.random()}"
    await _write_anew(lane, at, entry)
    return min(each for each in lane.signed if each >= at)


async def what_is_no_entry(lane: Lane) -> int:
    """Something else in the place of an entry, with all hashes made anew."""
    at = lane.somewhere()
    entry = json.loads((await lane.row(at))["text"])
    needed = lane.dice.choice(_NEEDED)
    missing = {key: value for key, value in entry.items() if key != needed}
    nothing: Any = lane.dice.choice(
        [
            None, [], "entry", 7, {}, missing, {**entry, "parts": None}, {**entry, "parts": [7]},
            {**entry, "recordedAt": "soon"}, {**entry, "recordedAt": 7}, {**entry, "lane": None},
        ]
    )  # fmt: skip
    await _write_anew(lane, at, nothing)
    return at


_NEEDED = ("parts", "lane", "sequence", "releaseId", "recordedAt")


async def _write_anew(lane: Lane, at: int, changed: Any) -> None:
    before = await lane.row(at - 1)
    previous = before["hash"] if before else GENESIS
    for sequence in range(at, lane.length + 1):
        entry = changed if sequence == at else json.loads((await lane.row(sequence))["text"])
        previous = link(previous, canonical(entry))
        await lane.run(
            "update ledger_entry set entry = $3::text::jsonb, hash = $4"
            " where lane = $1 and sequence = $2", sequence, json.dumps(entry), previous,
        )  # fmt: skip
    await lane.run("update ledger_lane set hash = $2 where lane = $1", previous)


EDITS: tuple[Callable[[Lane], Awaitable[int]], ...] = (
    a_bit_of_a_hash, a_bit_of_the_content, a_bit_of_a_column, a_bit_of_the_index,
    a_bit_of_a_signed_head, a_bit_of_the_lane, an_entry_away, somebody_out_of_the_index,
    two_in_the_other_order, one_more, the_end_cut_off, an_older_row_again,
    another_chain_from_here, what_is_no_entry,
)  # fmt: skip
"""Each does something and returns the number of the first entry that is not as it was."""
