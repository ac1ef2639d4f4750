"""Two records of one person: linked, read by who may know both, and taken apart again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from tests.scenarios.legal import Stage

LINKED = """query Linked($id: ID!) { participant(id: $id) {
  mergedRecords { needsReaffirmedRelease participant { id } }
  mergedInto { needsReaffirmedRelease participant { id } } } }"""
VERSION = "query($id: ID!) { participant(id: $id) { mergedInto { version } } }"


async def _told(stage: Any, step: Mapping[str, Any]) -> dict[tuple[str, str], bytes]:
    """Return what each reader is told about both records, to the byte."""
    from tests.scenarios.stage import LOOK

    told = {}
    for who in step["readers"]:
        for handle in (stage.scenario.participant, step["other"]):
            answers = [
                (await stage.ask({"who": who}, query, {"id": stage.person(handle)})).body
                for query in (LOOK, LINKED)
            ]
            told[who, handle] = orjson.dumps(answers)
    return told


async def remember(stage: Stage, step: Mapping[str, Any]) -> None:
    """It is noted what each reader is told about both records."""
    stage.memory["told"] = await _told(stage, step)


async def compare(stage: Stage, step: Mapping[str, Any]) -> None:
    """Each reader is told what was noted, to the byte."""
    for key, now in (await _told(stage, step)).items():
        assert now == stage.memory["told"][key], ("told otherwise", *key, now)


async def merge(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody says that the two records are of one person; the scenario's goes on."""
    given = {
        "survivingId": stage.participant, "mergedId": stage.person(step["other"]),
        "reason": "The same scar, the same story",
    }  # fmt: skip
    await stage.mutate(step, "mergePeople", given, "participant { id }")


async def find_link(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody who may know both reads the link from both sides, and to ask for one release."""
    both = stage.participant, stage.person(step["other"])
    found = [(await stage.ask(step, LINKED, {"id": each})).body for each in both]
    here, there = (each["data"]["participant"] for each in found)
    links = [*here["mergedRecords"], there["mergedInto"]]
    assert [each["participant"]["id"] for each in links] == [both[1], both[0]], found
    assert [each["needsReaffirmedRelease"] for each in links] == [True, True], found


async def take_apart(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody says that they are two people after all."""
    other = stage.person(step["other"])
    answer = await stage.ask(step, VERSION, {"id": other})
    given = {
        "mergedId": other, "reason": "Two people after all",
        "expectedVersion": answer.body["data"]["participant"]["mergedInto"]["version"],
    }  # fmt: skip
    await stage.mutate(step, "unmergePeople", given, "participant { id }")


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "note what is told": remember,
    "compare with what was told": compare,
    "merge the records": merge,
    "find the other record": find_link,
    "take the merge apart": take_apart,
}
STEP_WORDS = {"readers", "other"}
