"""Plays a scenario in a browser: a file that a lawyer can read, as people at their pages do it.

A step has a sentence (`given`, `when`, `then`), who is in front of the browser, and what they do,
in the words that stand on the page; what they read there, and what they do not::

    who = "platform_admin_two"
    does = ["open /console/requests", "beside Kim: write Why: Known to us.",
            "beside Kim: press Approve"]
    reads = ["The role is given"]

`{mark}` is of this run alone, so that no scenario meets what another one has left behind. Every
word is checked: an unknown one fails.
"""

import asyncio
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.async_api import Error, Locator, Page

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import settled, start
from tests.platform.console.test_training import batch

FOLDER = Path(__file__).parent / "cases"
PATIENCE_SECONDS = 60
LOOK = "query Look($id: ID!) { participant(id: $id) { name { given } } }"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEED = re.compile(r"(?:beside (.+?): )?(open|press|write|choose|tick|unfold|bring) (.+)", re.S)
_NAMED = re.compile(r"\{(\w+)\}")
_TOP_WORDS = {"title", "rule", "participant", "steps"}
_STEP_WORDS = {
    "given", "when", "then", "who", "does", "reads", "misses", "keeps", "signs_in", "sees",
    "rows", "paper", "downloads",
}  # fmt: skip
_ROW = {
    "attendance": "PRESENT", "hours_credited": "1.5", "result": "COMPLETED",
    "completed_on": "2026-03-04",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One file."""

    title: str
    rule: str
    participant: str
    steps: tuple[Mapping[str, Any], ...]


def case_of(text: str) -> Case:
    """Read a case strictly."""
    document = tomllib.loads(text)
    assert set(document) == _TOP_WORDS, set(document) ^ _TOP_WORDS
    for step in document["steps"]:
        assert set(step) <= _STEP_WORDS, set(step) - _STEP_WORDS
        assert {"given", "when", "then"} & set(step), f"a step without a sentence: {step}"
        for deed in step.get("does", ()):
            assert _DEED.fullmatch(deed), f"nobody can {deed}"
    return Case(**{**document, "steps": tuple(document["steps"])})


class Scene:
    """The browser, and what a case has come to so far."""

    def __init__(
        self, visitors: Visitors, case: Case, folder: Path, patience: int = PATIENCE_SECONDS
    ) -> None:
        self.visitors, self.case, self.folder, self.patience = visitors, case, folder, patience
        demo = visitors.platform.demo()
        person = next(row for row in demo["participants"] if row["handle"] == case.participant)
        works_at = {row["persona"]: (row["agency"] or {}) for row in demo["personas"]}
        self.known = {
            "mark": uuid4().hex[:6], "number": str(7000 + uuid4().int % 900),
            "participant": person["id"], "police": works_at["officer"]["id"],
            "provider": works_at["case_manager"]["id"],
        }  # fmt: skip
        self.nobodys = {row["id"] for row in demo["participants"]}
        self.site = demo["personas"][0]["site"]
        self.pages: dict[str, Page] = {}
        self.files: list[Path] = []
        self.has_opened = False

    async def play(self) -> None:
        """Run every step in order; whoever was let in on the way is let out again."""
        file = self.visitors.platform.data_dir / "synth.json"
        before = file.read_text(encoding="utf-8") if file.exists() else None
        try:
            for step in self.case.steps:
                await self._step(step)
        finally:
            if before is not None:
                file.write_text(before, encoding="utf-8")
            elif file.exists():
                file.unlink()

    def said(self, text: str) -> str:
        """Return a text with the names of this run in it."""
        return _NAMED.sub(lambda found: self.known[found[1]], text)

    async def _step(self, step: Mapping[str, Any]) -> None:
        who = self.said(step["who"])
        if "signs_in" in step:
            self._let_in(who, step["signs_in"])
        if "rows" in step:
            rows = [_ROW | {key: self.said(str(row[key])) for key in row} for row in step["rows"]]
            self.files = batch(self.folder, "results.csv", rows)
        if "paper" in step:
            self.files = [self.folder / "paper.txt"]
            self.files[0].write_text(step["paper"], encoding="utf-8")
        for deed in step.get("does", ()):
            try:
                await self._do(who, self.said(deed))
            except Error as failure:
                raise AssertionError((who, deed, step)) from failure
        if "keeps" in step:
            found = UUID.search(self.pages[who].url)
            assert found, self.pages[who].url
            self.known[step["keeps"]] = found[0]
        if "reads" in step or "misses" in step:
            reads = [self.said(each) for each in step.get("reads", ())]
            misses = [self.said(each) for each in step.get("misses", ())]
            await self._reads(self.pages[who], reads, misses, step)
        if "sees" in step:
            await self._sees(who, step)
        for path in step.get("downloads", ()):
            await self._holds_nobody(self.pages[who], path)

    async def _do(self, who: str, deed: str) -> None:
        parts = _DEED.fullmatch(deed)
        assert parts, deed
        beside, verb, rest = parts.groups()
        self.has_opened = verb == "open"
        if verb == "open":
            self.pages[who] = await start(self.visitors, who, rest)
            await settled(self.pages[who])
            return
        page, wait = self.pages[who], self.patience * 1000
        place = page.locator("main")
        if beside:
            place = place.locator("li, tr, details").filter(has_text=beside).first
        if verb == "press":
            pressed = place.get_by_role("button").or_(place.get_by_role("link"))
            async with page.expect_navigation(timeout=wait):
                await (await _named(pressed, rest)).click(timeout=wait)
            await settled(page)
        elif verb == "unfold":
            await place.locator("summary").filter(has_text=rest).first.click(timeout=wait)
        elif verb == "bring":
            await place.get_by_label(rest).set_input_files(self.files, timeout=wait)
        else:
            label, _, text = rest.partition(": ")
            field = await _labelled(place, label)
            if verb == "write":
                await field.fill(text, timeout=wait)
            elif verb == "choose":
                await field.select_option(label=text, timeout=wait)
            else:
                await field.check(timeout=wait)

    async def _reads(
        self, page: Page, reads: list[str], misses: list[str], step: Mapping[str, Any]
    ) -> None:
        """Look until the page says this and not that; what widens may come a moment later."""
        for _ in range(self.patience):
            text = await page.locator("main").inner_text()
            wrong = [each for each in reads if each not in text]
            wrong += [f"not {each}" for each in misses if each in text]
            if not wrong:
                return
            await page.wait_for_timeout(1000)
            if self.has_opened:
                await page.reload()
                await settled(page)
        raise AssertionError((wrong, step, text))

    async def _sees(self, who: str, step: Mapping[str, Any]) -> None:
        """Ask for the participant through the API, where the role has no page of people."""
        variables, told = {"id": self.known["participant"]}, None
        for _ in range(self.patience):
            answer = await self.visitors.platform.send(who, LOOK, variables, purpose="LEAD_COORD")
            found = (answer.data or {}).get("participant") or {}
            told = [key for key in ("name",) if found.get(key)]
            if told == step["sees"]:
                return
            await asyncio.sleep(1)
        raise AssertionError((step, told))

    async def _holds_nobody(self, page: Page, path: str) -> None:
        """A file that is downloaded is there, and has no participant in it."""
        answer = await page.request.get(self.visitors.platform.url + path)
        text = await answer.text()
        assert answer.status == 200, (path, text)
        assert len(text.splitlines()) > 1, path
        assert not [each for each in self.nobodys if each in text], path

    def _let_in(self, who: str, given: Mapping[str, str]) -> None:
        """Let somebody sign in whom the directory was told of a moment ago."""
        row = {
            "persona": who, "name": self.said(given["name"]), "subject": self.said(given["login"]),
            "role": given["role"], "site": self.site, "purposes": [],
            "agency": {"id": self.said(given["agency"]), "key": who, "name": who, "type": "LE"},
        }  # fmt: skip
        file = self.visitors.platform.data_dir / "synth.json"
        known = json.loads(file.read_text())["personas"] if file.exists() else []
        file.write_text(json.dumps({"personas": [*known, row]}), encoding="utf-8")


async def _named(found: Locator, name: str) -> Locator:
    """Return the control of this name, else one whose name begins so."""
    seen = found.filter(visible=True)
    for pattern in (f"^{re.escape(name)}$", f"^{re.escape(name)}"):
        wanted = seen.filter(has_text=re.compile(pattern))
        if await wanted.count():
            return wanted.first
    return seen.filter(has_text=name).first


async def _labelled(place: Locator, label: str) -> Locator:
    """Return the field of this label, else one whose label begins so."""
    exact = place.get_by_label(label, exact=True).filter(visible=True)
    if await exact.count():
        return exact.first
    return place.get_by_label(re.compile(f"^{re.escape(label)}")).filter(visible=True).first
