"""``python -m labsupport.localcloud``: the same program as ``labsupport cloud``."""

from __future__ import annotations

import sys

import click

from .server import serve
from .settings import CannotStart, CloudSettings


@click.command(name="cloud")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option(
    "--time-scale",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.0, 100.0, min_open=True),
    help="Multiplies AWS's waits (retry delays, idle retirement). Measured durations stay real.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=None,
    help="Account limit of concurrent executions.  [default: what fits this machine's memory]",
)
@click.option("--region", default="us-east-1", show_default=True, help="Region of unsigned requests.")
@click.option(
    "--runtime-client",
    type=click.Choice(["auto", "awslambdaric", "fallback"]),
    default="auto",
    show_default=True,
    help="AWS's own runtime client, or the lab's pure-Python loop.",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "none"]),
    default="auto",
    show_default=True,
    help="Run functions inside bubblewrap where it works.",
)
@click.option(
    "--cpu",
    type=click.Choice(["full", "scaled"]),
    default="full",
    show_default=True,
    help="All of this machine's CPU for each function, or in proportion to its memory as on AWS.",
)
@click.option("--owner-pid", type=int, default=None, help="Stop when this process ends.  [default: the parent]")
def main(**options: object) -> None:
    """Serve the local cloud until its owner ends or Ctrl-C.

    The first line on stdout is one JSON object with the endpoint to give to boto3.
    """
    try:
        serve(CloudSettings(**options))  # type: ignore[arg-type]
    except CannotStart as problem:
        print(f"labsupport cloud: {problem}", file=sys.stderr)
        raise SystemExit(2) from None


def run() -> None:
    """The program. A wrong option is one line and exit status 2, like all else that keeps the cloud from starting."""
    try:
        main(prog_name="labsupport cloud", standalone_mode=False)
    except click.ClickException as problem:
        print(f"labsupport cloud: {problem.format_message()}", file=sys.stderr)
        raise SystemExit(problem.exit_code) from None
    except click.Abort:  # Ctrl-C before the cloud was ready
        raise SystemExit(130) from None


if __name__ == "__main__":
    run()
