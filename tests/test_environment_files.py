"""One set of dependencies, told in three files."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from .requirements import distributions_needed

COURSE = Path(__file__).parents[1]


def project():
    return tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]


def names(requirements):
    return {re.match(r"[\w.-]+", one)[0].lower().replace("_", "-") for one in requirements}


def pins():
    rows = [row for row in (COURSE / "constraints.txt").read_text().splitlines() if row and not row.startswith("#")]
    assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.+!-]+( *;.*)?", row) for row in rows), (
        "a pin is a name and a version, no address"
    )
    return names(rows)


def test_every_dependency_has_an_exact_pin():
    wanted = names(project()["dependencies"]) | names(project()["optional-dependencies"]["test"])
    assert wanted <= pins()


SYSTEMS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_the_dependencies_bring_is_pinned_too(system, python):
    markers = SYSTEMS[system] | {"python_version": python, "python_full_version": f"{python}.0"}
    brought = distributions_needed("labsupport", "test", **markers)
    assert ("appnope" in brought) == (system == "macOS"), "the markers count"
    assert brought <= pins()


def test_what_is_installed_here_is_what_is_pinned():
    rows = (COURSE / "constraints.txt").read_text().splitlines()
    pinned = dict(row.partition(";")[0].strip().split("==") for row in rows if "==" in row and not row.startswith("#"))
    installed = {}
    for name in pinned:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system
    assert installed == {name: pinned[name] for name in installed}


def test_conda_and_binder_install_the_same_package_with_the_same_pins():
    text = (COURSE / "environment.yml").read_text()
    assert f"python{project()['requires-python']}" in text
    entries = [row.strip().removeprefix("- ") for row in text.splitlines() if row.strip().startswith("- ")]
    assert entries[entries.index("pip:") + 1 :] == ["-c constraints.txt", "-e ."]


def test_contributing_says_why_each_runtime_dependency_is_here():
    text = (COURSE / "CONTRIBUTING.md").read_text().lower()
    missing = {name for name in names(project()["dependencies"]) if f"`{name}`" not in text}
    assert not missing


def test_no_file_names_a_registry():
    hosts = re.compile(r"//(?:pypi|registry|files|deb)\.[a-z]+", re.IGNORECASE)
    for name in ("pyproject.toml", "constraints.txt", "environment.yml", "Makefile", ".ci/run", "README.md"):
        assert not hosts.search((COURSE / name).read_text()), name


def test_ci_runs_the_readmes_test_command():
    assert (COURSE / ".ci" / "run").read_text().rstrip().endswith("make test")
    assert "make test" in (COURSE / "README.md").read_text()
    assert ".ci/run" in (COURSE / ".github" / "workflows" / "test.yml").read_text()
