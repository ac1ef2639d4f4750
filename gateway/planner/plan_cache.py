"""Keep what was planned and compiled, bounded as a whole and for each client.

An entry is charged to the client that caused it; a client over its share loses its own oldest
entries, so nobody can push out what others use.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")


class PlanKey(NamedTuple):
    """What a plan depends on.

    Attributes:
        shape: what was pruned before planning (the name of a role's table, for example).
    """

    operation_hash: str
    revision: str
    shape: str


def name_key(operation_name: str | None) -> str:
    """An operation's name as part of a key; no name differs from the empty one, which names none.

    Source: GraphQL specification 6.1.1 GetOperation.
    """
    return "" if operation_name is None else f"={operation_name}"


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    client: str


class PlanCache(Generic[Value]):
    """Least recently used entries leave first.

    Args:
        max_entries: over all clients.
        max_per_client: entries that one client may cause.
    """

    def __init__(self, *, max_entries: int, max_per_client: int) -> None:
        self._max_entries = max_entries
        self._max_per_client = max_per_client
        self._entries: OrderedDict[PlanKey, _Entry[Value]] = OrderedDict()
        self._by_client: dict[str, OrderedDict[PlanKey, None]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: PlanKey) -> Value | None:
        """The value under a key, whoever caused it."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        self._by_client[entry.client].move_to_end(key)
        return entry.value

    def put(self, key: PlanKey, value: Value, client: str) -> None:
        """Keep a value, charged to a client."""
        if key in self._entries:
            self._drop(key)
        self._entries[key] = _Entry(value, client)
        own = self._by_client.setdefault(client, OrderedDict())
        own[key] = None
        if len(own) > self._max_per_client:
            self._drop(next(iter(own)))
        if len(self._entries) > self._max_entries:
            self._drop(next(iter(self._entries)))

    def held(self) -> list[tuple[PlanKey, Value, str]]:
        """Key, value and client of each entry, the most recently used first."""
        return [(key, one.value, one.client) for key, one in reversed(self._entries.items())]

    def drop_revision(self, revision: str) -> None:
        """Forget all plans of a superseded supergraph."""
        for key in [key for key in self._entries if key.revision == revision]:
            self._drop(key)

    def _drop(self, key: PlanKey) -> None:
        client = self._entries.pop(key).client
        own = self._by_client[client]
        del own[key]
        if not own:
            del self._by_client[client]
