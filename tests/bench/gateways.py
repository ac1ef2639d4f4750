"""The gateways that `bench gateway` compares: ours in several settings, and peers from npm.

Peers are no part of the project: they are installed on request into a folder that is not under
version control (`.tools/bench-peers`), and left out of a run where they are absent.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.processes import ROOT
from tests.bench.storefront import DENIAL, SUBGRAPHS, subgraph_sdl

PEER_FOLDER = ROOT / ".tools" / "bench-peers"
_OURS = (sys.executable, "-m", "tests.conformance.serve")
_HERE = Path(__file__).parent / "peers"

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "apollo": ("@apollo/gateway@2.14.4", "@apollo/server@5.5.1", "graphql@16"),
    "hive": ("@graphql-hive/gateway@2.15.1", "@graphql-hive/router-runtime@1.4.23", "graphql@16"),
    "grafbase": ("@grafbase/cli-x86_64-unknown-linux-musl@0.103.0",),
}
_BEFORE = {"hive": "2026-10-15"}
"""Newest date of what they depend on, where something published later does not resolve."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway to measure.

    Attributes:
        command: (supergraph file, port, folder of the run) -> command line.
        is_ours: also timed when it refuses.
        denies: answers as under `DENIAL`.
        needs: a file without which it cannot be started.
    """

    name: str
    command: Callable[[Path, int, Path], list[str]]
    environment: Callable[[Path, int], Mapping[str, str]] = field(
        default=lambda _supergraph, _port: {}
    )
    is_ours: bool = False
    denies: bool = False
    needs: Path | None = None

    @property
    def is_here(self) -> bool:
        """Whether it can be started."""
        return self.needs is None or (
            self.needs.exists() and (self.needs.suffix == "" or shutil.which("node") is not None)
        )


def gateways() -> list[Gateway]:
    """Return all, ours first."""
    apollo = PEER_FOLDER / "apollo" / "node_modules" / "@apollo" / "gateway" / "package.json"
    return [
        Gateway("golden thread, star", _ours("--policy", "star"), is_ours=True),
        Gateway(
            "golden thread, star and a denial",
            _ours("--policy", "star", "--deny", DENIAL),
            is_ours=True,
            denies=True,
        ),
        Gateway("golden thread, permit-all", _ours(), is_ours=True),
        Gateway(
            "Apollo Gateway",
            lambda _supergraph, _port, _folder: ["node", str(_HERE / "apollo.mjs")],
            lambda supergraph, port: {
                "PEER_FOLDER": str(PEER_FOLDER / "apollo"), "PEER_SUPERGRAPH": str(supergraph),
                "PEER_PORT": str(port), "NODE_ENV": "production",
            },
            needs=apollo,
        ),
        _hive("Hive Gateway, stitching --jit", "--jit"),
        _hive("Hive Gateway, Rust planner", "--hive-router-runtime"),
        Gateway("Grafbase", _grafbase, needs=_grafbase_program()),
    ]  # fmt: skip


def install_peers() -> None:
    """Install the peers with npm; what cannot be had is left out with a word."""
    for name, packages in PACKAGES.items():
        folder = PEER_FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        command = ["npm", "install", "--no-audit", "--no-fund", *packages]
        command += ["--before", _BEFORE[name]] if name in _BEFORE else []
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        word = "installed" if done.returncode == 0 else "could not be installed"
        sys.stderr.write(f"{name}: {word}\n")


def _ours(*options: str) -> Callable[[Path, int, Path], list[str]]:
    def command(supergraph: Path, port: int, _folder: Path) -> list[str]:
        words = [*_OURS, "--supergraph", str(supergraph), "--port", str(port)]
        return [*words, "--limits", "strict", *options]

    return command


def _hive(name: str, option: str) -> Gateway:
    program = PEER_FOLDER / "hive" / "node_modules" / ".bin" / "hive-gateway"
    config = PEER_FOLDER / "hive" / "gateway.config.mjs"

    def command(supergraph: Path, port: int, _folder: Path) -> list[str]:
        shutil.copy(_HERE / "hive.config.mjs", config)
        words = [str(program), "supergraph", str(supergraph), "--host", "127.0.0.1"]
        return [*words, "--port", str(port), "--config-path", str(config), option]

    return Gateway(
        name, command, lambda _supergraph, _port: {"NODE_ENV": "production"}, needs=program
    )


def _grafbase_program() -> Path:
    packages = PEER_FOLDER / "grafbase" / "node_modules" / "@grafbase"
    return packages / "cli-x86_64-unknown-linux-musl" / "grafbase"


def _grafbase(supergraph: Path, port: int, folder: Path) -> list[str]:
    """Composes for itself, so that it gets the subgraphs' SDL and addresses."""
    lines = ['[[headers]]\nrule = "forward"\nname = "authorization"\n']
    address = supergraph.with_name("address.txt").read_text()
    for name in SUBGRAPHS:
        (folder / f"{name}.graphql").write_text(subgraph_sdl(name))
        lines.append(
            f'[subgraphs.{name}]\nurl = "{address}/{name}"\nschema_path = "{name}.graphql"\n'
        )
    config = folder / "grafbase.toml"
    config.write_text("\n".join(lines))
    _grafbase_program().chmod(0o755)  # npm does not mark it
    listen = f"127.0.0.1:{port}"
    return [str(_grafbase_program()), "dev", "--config", str(config), "--listen-address", listen]
