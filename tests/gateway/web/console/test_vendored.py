"""What is vendored is what its package's release has, with its licence beside it."""

import hashlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
FOLDERS = (
    ROOT / "gateway" / "web" / "console" / "static" / "vendor",
    ROOT / "tests" / "fixtures" / "vendor",
)


@pytest.mark.parametrize("folder", FOLDERS, ids=["console", "tests"])
def test_each_file_has_its_hash_release_and_licence(folder: Path) -> None:
    said = tomllib.loads((folder / "vendor.toml").read_text())["files"]
    there = {path.name for path in folder.iterdir()}
    licences = {facts["licence_file"] for facts in said.values()}
    assert there == {*said, *licences, "vendor.toml"}
    for name, facts in said.items():
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert digest == facts["sha256"], name
        assert facts["package"]
        assert facts["version"]
        assert facts["licence"] in {"0BSD", "MIT", "OFL-1.1", "MPL-2.0"}


def test_no_page_asks_another_host_for_anything() -> None:
    console = ROOT / "gateway" / "web" / "console"
    own = [*(console / "templates").glob("*.html"), *(console / "static").glob("*.*")]
    elsewhere = [
        path.name
        for path in own
        if "//" in path.read_text().replace("http://www.w3.org/2000/svg", "").replace("// ", "")
        and path.suffix != ".js"
    ]
    assert elsewhere == []
    inline = [
        path.name
        for path in own
        if path.suffix == ".html"
        and (
            "style=" in path.read_text()
            or "<style" in path.read_text()
            or " onclick" in path.read_text()
        )
    ]
    assert inline == []
