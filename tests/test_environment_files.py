"""One set of dependencies, told in three files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

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
