"""The plan cache: bounded as a whole, and no client evicts another."""

from gateway.planner.plan_cache import PlanCache, PlanKey


def key(number: int, revision: str = "r", shape: str = "s") -> PlanKey:
    return PlanKey(str(number), revision, shape)


def test_the_least_recently_used_entry_leaves() -> None:
    cache: PlanCache[int] = PlanCache(max_entries=2, max_per_client=2)
    cache.put(key(1), 1, "a")
    cache.put(key(2), 2, "b")
    assert cache.get(key(1)) == 1
    cache.put(key(3), 3, "a")
    assert (cache.get(key(1)), cache.get(key(2)), cache.get(key(3))) == (1, None, 3)


def test_a_busy_client_evicts_only_itself() -> None:
    cache: PlanCache[int] = PlanCache(max_entries=100, max_per_client=3)
    cache.put(key(0), 0, "quiet")
    for number in range(1, 50):
        cache.put(key(number), number, "busy")
    assert cache.get(key(0)) == 0
    assert len(cache) == 4
    assert cache.get(key(49)) == 49


def test_what_was_pruned_otherwise_is_another_plan() -> None:
    cache: PlanCache[str] = PlanCache(max_entries=10, max_per_client=10)
    cache.put(key(1, shape="officer"), "officer", "a")
    assert cache.get(key(1, shape="case manager")) is None
    assert cache.get(key(1, revision="other", shape="officer")) is None


def test_a_superseded_supergraph_is_forgotten() -> None:
    cache: PlanCache[int] = PlanCache(max_entries=10, max_per_client=10)
    cache.put(key(1, "old"), 1, "a")
    cache.put(key(1, "new"), 2, "a")
    cache.put(key(1, "new"), 3, "b")
    cache.drop_revision("old")
    assert len(cache) == 1
    assert cache.get(key(1, "new")) == 3
