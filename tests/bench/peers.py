"""The emulators we are compared with, each installed into a place of its own: ``python -m tests.bench.peers``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".bench-peers"


@dataclass(frozen=True)
class Peer:
    """``pins`` are packages of one registry: ``pypi`` or ``npm``. ``name`` is the package whose version the table shows."""

    name: str
    registry: str
    pins: dict[str, str]

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def version(self) -> str:
        """The version wanted."""
        return self.pins[self.name]

    def program(self, name: str) -> Path:
        """A program that the peer brings."""
        return self.folder / ("bin" if self.registry == "pypi" else "node_modules/.bin") / name

    def installed(self) -> dict[str, str]:
        """Versions of its pinned packages as they are installed; without those that are not."""
        found = {name: self._installed_version(name) for name in self.pins}
        return {name: version for name, version in found.items() if version}

    def _installed_version(self, package: str) -> str | None:
        if self.registry == "npm":
            file = self.folder / "node_modules" / package / "package.json"
            return json.loads(file.read_text())["version"] if file.is_file() else None
        found = sorted(self.folder.glob(f"lib/python*/site-packages/{package}-*.dist-info"))
        return found[0].name.removesuffix(".dist-info").rpartition("-")[2] if found else None

    def problem(self) -> str:
        """Empty when the peer can be measured, else why not."""
        if self.registry == "npm" and not shutil.which("node"):
            return "needs Node.js, which is not on this machine"
        installed = self.installed()
        if not installed:
            return "not installed (make bench-peers)"
        if installed != self.pins:
            return f"installed in another version, {installed} (make bench-peers)"
        return ""

    def install_commands(self) -> list[list[str]]:
        wanted = [f"{name}{'==' if self.registry == 'pypi' else '@'}{version}" for name, version in self.pins.items()]
        if self.registry == "npm":
            return [
                ["npm", "install", "--prefix", str(self.folder), "--no-audit", "--no-fund", "--loglevel=error", *wanted]
            ]
        base = getattr(sys, "_base_executable", sys.executable)
        pip = [str(self.folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
        return [[base, "-m", "venv", str(self.folder)], [*pip, *wanted]]


# Its functions run in its own environment; those of a benchmark use boto3.
MINISTACK = Peer("ministack", "pypi", {"ministack": "1.5.33", "boto3": "1.43.106"})
SERVERLESS = Peer("serverless-offline", "npm", {"serverless": "3.40.0", "serverless-offline": "13.9.0"})
CHALICE = Peer("chalice", "pypi", {"chalice": "1.34.0"})
PEERS = (MINISTACK, SERVERLESS, CHALICE)


def install(peer: Peer) -> str:
    """Install the peer unless it is there; one line that says what was done or why it could not be."""
    if not peer.problem():
        return f"{peer.name} {peer.version} is installed"
    if peer.registry == "npm" and not (shutil.which("npm") and shutil.which("node")):
        return f"{peer.name} {peer.version} is left out: it needs Node.js 18 or newer and npm"
    shutil.rmtree(peer.folder, ignore_errors=True)
    peer.folder.mkdir(parents=True)
    if peer.registry == "npm":
        (peer.folder / "package.json").write_text('{"private": true}\n')
    for command in peer.install_commands():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            return f"{peer.name} {peer.version} is left out: {command[0]} failed: {last}"
    return f"{peer.name} {peer.version} was installed"


@click.command()
def main() -> None:
    """Install the peers of the benchmarks into .bench-peers/, each apart; what is there stays."""
    for peer in PEERS:
        click.echo(f"{peer.name} {peer.version} ...")
        click.echo(f"  {install(peer)}")


if __name__ == "__main__":
    main()
