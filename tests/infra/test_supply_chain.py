"""What comes with the product: licences that allow it, public sources, no secret in files."""

import importlib.metadata
import re
import subprocess
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
    waiting = [each["name"] for each in by_name["goldenthread"]["dependencies"]]
    waiting += ["uvicorn"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        package = by_name[name]
        extras = package.get("optional-dependencies", {}).values()
        for each in [*package.get("dependencies", ()), *(e for extra in extras for e in extra)]:
            waiting.append(each["name"])
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
            continue  # for another system, or an extra that nobody asked for
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
