"""What applications will ask is planned before they ask: at the start, and for a new supergraph."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from gateway import warm_up
from gateway.generations import load_generation
from gateway.limits.budget import Budget
from gateway.planner import normalize
from gateway.policy.packaged import packaged_sdl
from gateway.policy.roles import prune
from gateway.prepare import Preparer
from gateway.settings import SUBGRAPHS
from gateway.warm_up import MAX_OF_CLIENT, Recent, keep_warm, named, persisted, recent, warm

COURSES = "query Courses { courses(first: 10) { edges { node { number title } } } }"
GONE = "query Gone { nothingOfTheKind }"
Text = tuple[str, str]


@pytest.fixture(scope="module")
def sdl() -> str:
    return packaged_sdl()


@pytest.fixture
def preparer(sdl: str) -> Preparer:
    return load_generation(sdl, Budget(), SUBGRAPHS)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  nothing tells what has been planned
            await asyncio.sleep(0.01)


def views_of(preparer: Preparer, source: str) -> set[str]:
    return {one.view for one in recent(preparer) if one.source == source}


def test_a_manifest_is_warmed_for_the_views_that_nothing_is_refused_to(preparer: Preparer) -> None:
    wanted = list(persisted(preparer, [("app", COURSES), ("app", GONE)]))
    warm(preparer, wanted, rest=lambda _seconds: None)
    warmed = views_of(preparer, COURSES)
    assert warmed
    assert {one.client for one in recent(preparer)} == {"app"}
    for view in preparer.table.views.values():
        operation = preparer.parse(COURSES, None, "app")
        refusals = prune(normalize(operation), view, preparer.table.labels).refusals
        assert (view.name in warmed) == (not refusals)


def test_a_manifest_never_takes_all_of_its_applications_share(preparer: Preparer) -> None:
    texts = [("app", f"query Courses{n} {{ courses(first: 1) {{ edges {{ node {{ title }} }} }} }}")
             for n in range(40)]  # fmt: skip
    asked = [one for one in persisted(preparer, [*texts, ("other", COURSES)]) if one is not None]
    of_client = [one.client for one in asked]
    assert of_client.count("app") == MAX_OF_CLIENT
    assert of_client.count("other") > 0


def test_warming_before_a_change_is_bounded_in_time_and_number(preparer: Preparer) -> None:
    moments: Iterator[float] = iter(range(0, 10_000, 3))
    endless = (each for _ in range(1000) for each in named(preparer))
    prepared = warm(preparer, endless, now=lambda: next(moments), rest=lambda _seconds: None)
    assert 0 < prepared < 10
    endless = (each for _ in range(1000) for each in named(preparer))
    prepared = warm(preparer, endless, now=lambda: 0.0, rest=lambda _seconds: None)
    assert prepared == warm_up.MAX_WARMED


def test_a_new_supergraph_comes_with_what_manifests_name(sdl: str) -> None:
    asked = [Recent(COURSES, None, "TRM", "somebody")]
    new = load_generation(sdl, Budget(), SUBGRAPHS, asked, lambda: [("app", COURSES)])
    assert len(views_of(new, COURSES)) > 1
    assert {one.source for one in named(new)} <= {one.source for one in recent(new)}


async def test_manifests_that_come_later_are_warmed_too(
    preparer: Preparer, sdl: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_up, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(warm_up, "REST", 0.0)
    texts: list[Text] = []
    serving = [preparer]
    current: Callable[[], Preparer] = lambda: serving[0]  # noqa: E731  typed for mypy
    warming = asyncio.create_task(keep_warm(current, lambda: texts))
    try:
        await eventually(lambda: len(recent(preparer)) > 0)
        assert not views_of(preparer, COURSES)
        texts.append(("app", COURSES))
        await eventually(lambda: len(views_of(preparer, COURSES)) > 0)
        serving[0] = load_generation(sdl, Budget(), SUBGRAPHS)
        await eventually(lambda: len(views_of(serving[0], COURSES)) > 0)
    finally:
        warming.cancel()
