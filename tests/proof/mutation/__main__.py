"""Runs mutants of the targets: ``python -m tests.proof.mutation [MODULE...] [--only N/M]``.

Exit status 1 while a survivor is not explained in ``survivors.toml``, or fewer than 95 % are
killed.
"""

import argparse
import ast
import contextlib
import gc
import importlib
import os
import select
import signal
import sys
import tempfile
import tomllib
from dataclasses import dataclass, replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.proof.mutation.mutants import Mutant, mutants_of

_FOLDER = Path(__file__).parent
_LEAST_KILLED = 0.95
_SECONDS = 240
_OURS = ("gateway", "infra", "tests", "svc_")


class _Changed(SourceFileLoader):
    """Loads one module from a changed tree; the file stays as it is."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.tree, self.get_filename(fullname), "exec")


class _Finder(MetaPathFinder):
    def __init__(self, name: str, path: Path, mutant: Mutant) -> None:
        self._name, self._path, self._mutant = name, path, mutant

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = _Changed(fullname, str(self._path), self._mutant)
        return spec_from_file_location(fullname, self._path, loader=loader)


def _run_tests(tests: list[str]) -> int:
    """Run tests; ``--noconftest`` among them leaves out what every test shares, and its seconds."""
    import pytest

    options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:randomly"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # anyio is there already
    return int(pytest.main([*options, *tests]))


def _needs(name: str, among: set[str]) -> bool:
    """Return whether a module's text imports one of these, or something below them."""
    place = Path(*name.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not file.is_file():
        return False
    named: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            named.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.add(node.module)
            named.update(f"{node.module}.{each.name}" for each in node.names)
    return bool(named & among)


def _dependents(target: str, names: set[str]) -> set[str]:
    """Return the target, whatever imports it by way of others too, and the packages of all these.

    These must be loaded anew over a mutant; all else may be shared by all of them.
    """
    found = {target}
    while True:
        packages = {each.rpartition(".")[0] for each in found} - {""}
        more = {each for each in names - found if _needs(each, found) or each in packages}
        if not more:
            return found
        found |= more


def _warm(names: set[str], dependents: set[str]) -> None:
    """Load in this process what the tests load and the target has no part in."""
    for each in sorted(names - dependents):
        if each in sys.stdlib_module_names:
            continue  # what comes with Python knows best in which order it is loaded
        is_a_test = each.rpartition(".")[2].startswith(("test_", "conftest", "__main"))
        if not is_a_test and (each.startswith(_OURS) or "." not in each):
            with contextlib.suppress(Exception):
                importlib.import_module(each)
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Target:
    """A module to change, and what must be loaded anew for each change of it."""

    name: str
    path: Path
    tests: list[str]
    dependents: frozenset[str] = frozenset()


def outcome(target: Target, mutant: Mutant | None, loaded: Path | None = None) -> str:
    """Run tests over a mutant in a child of this process: killed, survived or timed out.

    Args:
        target: whose mutant it is.
        mutant: None for the module as it is.
        loaded: file for the names of the modules that the tests loaded.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        code = 70
        with contextlib.suppress(BaseException):
            os.setsid()
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            for each in target.dependents:
                sys.modules.pop(each, None)
            if mutant is not None:
                sys.meta_path.insert(0, _Finder(target.name, target.path, mutant))
            code = _run_tests(target.tests)
            if loaded is not None:
                loaded.write_text("\n".join(sys.modules))
        os.write(writer, bytes([code]))
        os._exit(0)
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], _SECONDS)
    said = os.read(reader, 1) if ready else b""
    os.close(reader)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not ready:
        return "timed out"
    return "survived" if said == b"\0" else "killed"


def prepared(name: str, tests: list[str]) -> Target | None:
    """Load what all mutants of a module share; None if its tests fail without any change."""
    target = Target(name, Path(*name.split(".")).with_suffix(".py").resolve(), tests)
    with tempfile.TemporaryDirectory() as folder:
        loaded = Path(folder) / "loaded"
        if outcome(target, None, loaded) != "survived":
            return None
        names = set(loaded.read_text().splitlines())
    ours = {each for each in names if each.startswith(_OURS)}
    target = replace(target, dependents=frozenset(_dependents(name, ours)))
    _warm(names, set(target.dependents))
    return target if outcome(target, None) == "survived" else None


def _explained() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads((_FOLDER / "survivors.toml").read_text())
    return found


def main() -> int:
    """Run the mutants that are asked for, and say how many were killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="targets; all of them if none is named")
    parser.add_argument("--only", default="1/1", help="each M-th mutant, beginning at the N-th")
    arguments = parser.parse_args()
    targets: dict[str, list[str]] = tomllib.loads((_FOLDER / "targets.toml").read_text())
    nth, of = (int(each) for each in arguments.only.split("/"))
    explained, is_good = _explained(), True
    counted = {"killed": 0, "survived": 0, "timed out": 0, "explained": 0}
    for name in arguments.modules or targets:
        target = prepared(name, targets[name])
        if target is None:
            print(f"{name}: its tests fail without any change", flush=True)
            return 2
        here = dict.fromkeys(counted, 0)
        for mutant in mutants_of(target.path.read_text())[nth - 1 :: of]:
            said = outcome(target, mutant)
            if said == "survived" and mutant.name in explained.get(name, {}):
                said = "explained"
            here[said] += 1
            if said in ("survived", "timed out"):
                print(f"{said} {name}:{mutant.line} {mutant.name}", flush=True)
        if outcome(target, None) != "survived":
            print(f"{name}: files were changed meanwhile, so this counts nothing", flush=True)
            return 2
        for said, count in here.items():
            counted[said] += count
        print(f"{name}: {here}", flush=True)
        is_good = is_good and not here["survived"]
    total = sum(counted.values())
    killed = counted["killed"] + counted["timed out"]
    print(
        f"mutants: {total}, killed {killed} ({killed / max(1, total):.1%}), {counted}", flush=True
    )
    return 0 if is_good and killed >= _LEAST_KILLED * total else 1


if __name__ == "__main__":
    raise SystemExit(main())
