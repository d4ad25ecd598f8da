"""The ``labsupport`` command. Each subcommand imports its room only when it runs, so that ``--help`` is instant."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from . import __version__

_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labsupport")
def main() -> None:
    """Lambda Lab: learn AWS Lambda in JupyterLab, with a local cloud and no AWS account."""


def _fail(line: str, code: int = 2) -> NoReturn:
    click.echo(f"labsupport: {line}", err=True)
    raise SystemExit(code)


@main.command(context_settings=_PASS_ON)
@click.option("--no-browser", is_flag=True, help="Only serve; print the address instead of opening it.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port; 0 takes a free one.  [default: 8888]")
@click.argument("jupyter", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTER OPTIONS]")
def start(no_browser: bool, port: int | None, jupyter: tuple[str, ...]) -> None:
    """Open JupyterLab at the first notebook of the course."""
    from . import start as room

    try:
        launch = room.jupyterlab(room.find_course(), browser=not no_browser, port=port, extra=jupyter)
    except room.NoCourse as problem:
        _fail(str(problem))
    os.chdir(launch.folder)
    os.execve(launch.command[0], launch.command, launch.environment)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def doctor(as_json: bool) -> None:
    """Check that the lab works here, and say what to do when it does not."""
    from . import doctor as room

    raise SystemExit(room.main(as_json=as_json))


@main.command(context_settings={**_PASS_ON, "help_option_names": []}, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def cloud(options: tuple[str, ...]) -> None:
    """Serve the local cloud until its owner ends or Ctrl-C (see: labsupport cloud --help)."""
    # The local cloud is a program of its own. It takes this process's place, so its owner is whoever started us.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "labsupport.localcloud", *options])


@main.command()
@click.argument("what", metavar="LESSON|EXERCISE")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def check(what: str, as_json: bool) -> None:
    """Run a lesson's checks, or one exercise's, against the cloud named by LAB_ENDPOINT."""
    from .exercises.check_command import check_command

    raise SystemExit(check_command(what, as_json))


@main.command()
@click.argument("names", nargs=-1, metavar="[LESSON]...")
@click.option("--check", "only_check", is_flag=True, help="Only compare; exit 1 when a notebook is out of date.")
@click.option("--force", is_flag=True, help="Also what did not change: new outputs.")
def build(names: tuple[str, ...], only_check: bool, force: bool) -> None:
    """Make the notebooks from their sources in solutions/ (only what changed)."""
    from .authoring import build_command

    raise SystemExit(build_command(names, check=only_check, force=force))


@main.command()
@click.argument("names", nargs=-1, metavar="[LESSON]...")
def lint(names: tuple[str, ...]) -> None:
    """Hold the lessons to the course's rules; problems are named by notebook and cell."""
    from .authoring import lint_command

    raise SystemExit(lint_command(names))


@main.command()
def clean() -> None:
    """Remove what was made in the cloud named by LAB_ENDPOINT: functions, layers, log groups, roles, policies."""
    endpoint = os.environ.get("LAB_ENDPOINT")
    if not endpoint:
        _fail("LAB_ENDPOINT is not set. Set it to the address that lab.start or labsupport cloud printed.")
    from botocore.exceptions import BotoCoreError, ClientError

    from .exercises.probe import cloud_client
    from .targets.cleaning import remove_all
    from .targets.local import CloudProblem, LocalCloud

    try:
        # Only a local cloud answers the question who it is, so nothing else can be emptied by mistake.
        identity = LocalCloud.join(endpoint).identity
        click.echo(remove_all(lambda service: cloud_client(service, identity.endpoint, identity.region)).text)
    except (CloudProblem, ClientError, BotoCoreError) as problem:
        _fail(str(problem), 3)
