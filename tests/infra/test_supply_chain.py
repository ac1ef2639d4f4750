"""What comes with the product: licences that allow it, public sources, no secret in files."""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.test_layout import ROOT

PERMISSIVE = (
    "Apache", "BSD", "MIT", "ISC", "PSF", "MPL", "Mozilla", "Python Software Foundation", "0BSD",
)  # fmt: skip
FORBIDDEN = ("GPL", "Affero", "SSPL", "Elastic", "BUSL", "Commons Clause")
ELSEWHERE = {"colorama", "tzdata"}
"""Packages that the lock names for other systems only."""

SECRETS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\n[A-Za-z0-9+/=\s]{40}"),
    "private JWK": re.compile(r'"d"\s*:\s*"[A-Za-z0-9_-]{43,}"'),
    "AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "token of a code host": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20})"),
    "chat token": re.compile(r"\bxox[abprs]-[\w-]{20,}"),
    "access token": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{40,}"),
    "address with a password": re.compile(r"postgres(?:ql)?://\w+:[0-9a-f]{24,}@"),
    "password in a setting": re.compile(
        r"(?m)^[A-Z_]*(?:PASSWORD|SECRET|TOKEN)[A-Z_]*=[A-Za-z0-9][A-Za-z0-9+/=-]{11,}$"
    ),
}


def locked() -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    return packages


def runtime_packages() -> set[str]:
    """Names of what the image holds: all that the product depends on, directly or not."""
    by_name = {each["name"]: each for each in locked()}
    found: set[str] = set()
    asked: set[tuple[str, str]] = set()
    waiting = [*by_name["goldenthread"]["dependencies"], {"name": "uvicorn"}]
    while waiting:
        wanted = waiting.pop()
        name, package = wanted["name"], by_name[wanted["name"]]
        if name not in found:
            found.add(name)
            waiting += package.get("dependencies", ())
        for extra in wanted.get("extra", ()):  # of an extra that only tests ask for, nothing
            if (name, extra) not in asked:
                asked.add((name, extra))
                waiting += package.get("optional-dependencies", {}).get(extra, ())
    return found


def licence_of(name: str) -> str:
    told = importlib.metadata.metadata(name)
    classifiers = [c for c in told.get_all("Classifier") or () if c.startswith("License")]
    expressions = told.get_all("License-Expression") or [""]
    return str(expressions[0] or ", ".join(classifiers) or told["License"])


def test_every_package_of_the_image_may_be_passed_on() -> None:
    licences = {}
    for name in runtime_packages() - ELSEWHERE:
        try:
            licences[name] = licence_of(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system
    assert len(licences) > 40
    assert {n: text for n, text in licences.items() if any(w in text for w in FORBIDDEN)} == {}
    assert {n: t for n, t in licences.items() if not any(w in t for w in PERMISSIVE)} == {}


def test_every_package_comes_from_the_public_index_with_its_hash() -> None:
    for package in locked():
        if package["name"] == "goldenthread":
            continue
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        for file in files:
            assert file["url"].startswith("https://files.pythonhosted.org/"), package["name"]
            assert file["hash"].startswith("sha256:"), package["name"]


def _judged(folder: Path, report: str | None) -> "subprocess.CompletedProcess[str]":
    """Run what `.ci/audit.sh` judges a report with."""
    script = (ROOT / ".ci" / "audit.sh").read_text()
    program = script.partition("<<'PYTHON'\n")[2].partition("\nPYTHON")[0]
    (folder / "build").mkdir(exist_ok=True)
    if report is not None:
        (folder / "build" / "audit.json").write_text(report)
    return subprocess.run(
        [sys.executable, "-P", "-", "1"], input=program, cwd=folder, check=False,
        capture_output=True, text=True,
    )  # fmt: skip


def test_a_package_with_a_known_weakness_fails_the_run(tmp_path: Path) -> None:
    """HD-61: the audit of what the image holds; without an index that knows any, it says so."""
    weak = {"name": "somepackage", "version": "1.0", "vulns": [{"id": "CVE-2026-00001"}]}
    fine = {"name": "other", "version": "2.0", "vulns": []}
    found = _judged(tmp_path, json.dumps({"dependencies": [weak, fine]}))
    assert found.returncode == 1
    assert "somepackage: CVE-2026-00001" in found.stderr
    assert _judged(tmp_path, json.dumps({"dependencies": [fine]})).returncode == 0
    (tmp_path / "build" / "audit.json").unlink()
    nothing = _judged(tmp_path, None)
    assert nothing.returncode == 0
    assert "not done" in nothing.stderr


def test_the_audit_is_a_step_of_each_run() -> None:
    """Both scripts stop at the first thing that fails."""
    run = (ROOT / ".ci" / "run").read_text()
    assert ".ci/audit.sh" in run.splitlines()
    for script in (run, (ROOT / ".ci" / "audit.sh").read_text()):
        assert "set -euo pipefail" in script
    assert "pip-audit --requirement build/runtime.txt" in (ROOT / ".ci" / "audit.sh").read_text()


def committed_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    if listed.returncode != 0:
        pytest.skip("no git repository here: there is no list of files")
    return [path for each in listed.stdout.split("\0") if each and (path := ROOT / each).is_file()]


def secrets_in(texts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(n, kind) for n, text in texts for kind, form in SECRETS.items() if form.search(text)]


def readable(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_secret_is_committed() -> None:
    texts = ((str(p.relative_to(ROOT)), readable(p)) for p in committed_files())
    assert secrets_in(texts) == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE " + "KEY-----\n" + "A" * 64,
        "AKIA" + "ABCDEFGH12345678",
        '{"kty": "OKP", "d"' + ': "' + "x" * 43 + '"}',
        "ghp" + "_" + "a" * 36,
        "postgresql://gt:" + "0123456789abcdef" * 2 + "@db/x",
        "DB_PASSWORD" + "=correct-horse-battery",
    ],
    ids=["key", "aws", "jwk", "host", "address", "setting"],
)
def test_a_planted_secret_is_found(text: str) -> None:
    assert len(secrets_in([("x", text)])) == 1
