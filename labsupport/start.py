"""Opens JupyterLab on the course folder, so that nothing it does leaves this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import import_tax

FIRST_NOTEBOOK = Path("notebooks") / "00_start_here.ipynb"
#: JupyterLab's own settings for the course: no news, no look for updates, no extension catalogue from the internet.
JUPYTER_CONFIG = Path(__file__).with_name("jupyter_config")


class NoCourse(Exception):
    """No course folder here; one line that says what to do."""


@dataclass(frozen=True)
class Launch:
    """A command to run in ``folder`` with ``environment`` as its whole environment."""

    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


def find_course(start: Path | None = None) -> Path:
    """The course folder: ``LAB_COURSE``, else the nearest one from ``start`` (default: here) upwards that holds
    notebooks/00_start_here.ipynb. Raises NoCourse."""
    chosen = os.environ.get("LAB_COURSE")
    if chosen:
        folder = Path(chosen).expanduser().resolve()
        if (folder / FIRST_NOTEBOOK).is_file():
            return folder
        raise NoCourse(f"LAB_COURSE is {folder}, but there is no {FIRST_NOTEBOOK} in it. Unset it or correct it.")
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FIRST_NOTEBOOK).is_file():
            return folder
    raise NoCourse(f"There is no course in {here}: {FIRST_NOTEBOOK} is missing. Change to the folder you cloned.")


def jupyterlab(course: Path, *, browser: bool, port: int | None = None, extra: Sequence[str] = ()) -> Launch:
    """How to start JupyterLab on ``course``, on loopback only, at the first notebook."""
    environment = dict(os.environ)
    environment["LAB_COURSE"] = str(course)  # kernels inherit it: a notebook works from any folder
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, [str(JUPYTER_CONFIG), environment.get("JUPYTER_CONFIG_PATH")])
    )
    # Else a kernel called python3 that another project left in the home folder would win over ours.
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    command = [
        sys.executable,
        "-m",
        "labsupport.start",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={course}",
        f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK.as_posix()}",
    ]
    if port is not None:
        command.append(f"--ServerApp.port={port}")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one often is root; the server listens on loopback only
    return Launch((*command, *extra), environment, course)


def _serve() -> None:
    """JupyterLab itself, in the process that ``jupyterlab`` describes."""
    import_tax.avoid()
    from jupyterlab.labapp import main

    main()


if __name__ == "__main__":
    _serve()
