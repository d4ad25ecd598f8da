"""``python -m tests.bench``: measure, show the table, keep the result."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import bars, machine, plot, table
from .contender import CannotMeasure
from .measures import MEASURES
from .results import COMMITTED, Results
from .run import Run, Samples

_METHOD = {
    "turns": "contenders measured in turns, order drawn anew each round",
    "client": "same bytes to all, connections kept alive, boto3 clients made before",
    "warm_up": "requests before each batch are not counted",
    "garbage_collection": "off in the measuring process during a batch, as usual in every server",
    "units": "milliseconds; throughput requests/s; memory MB (PSS), unshared MB (USS); cpu percent of one core",
}


@click.command()
@click.option("--quick", is_flag=True, help="Few rounds, to try the bench. Not kept unless --json names a file.")
@click.option(
    "--only",
    "names",
    multiple=True,
    type=click.Choice([measure.name for measure in MEASURES]),
    help="Only this measure (may be given several times). Not kept unless --json names a file.",
)
@click.option(
    "--json", "file", type=click.Path(path_type=Path), help=f"Result file.  [default: docs/bench/{COMMITTED.name}]"
)
@click.option(
    "--readme", "only_readme", is_flag=True, help="Measure nothing: make README table and plot from the result."
)
@click.option("--seed", type=int, default=None, help="For events and order.  [default: drawn]")
def main(quick: bool, names: tuple[str, ...], file: Path | None, only_readme: bool, seed: int | None) -> None:
    """Measure the local cloud beside the floor and the peers that are installed (make bench-peers).

    A full run takes some minutes, writes docs/bench/ and rewrites the README's table. It exits 0 when it measured,
    whether the bars are met or not.
    """
    console = Console()
    if only_readme:
        keep(Results.load(file or COMMITTED))
        return
    # Both end through the same clean-up, also where a shell that starts us in the background ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        results = measure(console, quick, names, time.time_ns() % 2**32 if seed is None else seed)
    except CannotMeasure as problem:
        console.print(f"make bench: {problem}", style="bold red", markup=False)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("make bench: stopped; nothing was kept.")
        raise SystemExit(130) from None
    show(console, results)
    if file:
        results.save(file)
    elif not quick and not names:
        results.save(COMMITTED)
        keep(results)
        console.print("Kept in docs/bench/ and README.md.")


def measure(console: Console, quick: bool, names: tuple[str, ...], seed: int) -> Results:
    """Take the measures named, or all. Raises CannotMeasure."""
    chosen = [one for one in MEASURES if not names or one.name in names]
    folder = Path(tempfile.mkdtemp(prefix="labsupport-bench-"))
    before, started = machine.load(), datetime.now(UTC)
    samples: Samples = {}
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, TextColumn("[dim]{task.fields[doing]}"), console=console) as progress:
            overall = progress.add_task("measures", total=len(chosen), doing="")
            run = Run(folder, quick, seed, lambda text: progress.update(overall, doing=text))
            for one in chosen:
                progress.update(overall, description=one.title)
                samples |= one.take(run)
                progress.advance(overall)
            progress.update(overall, description="all measured", doing="")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    about = {
        "date": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds()),
        "quick": quick,
        "seed": seed,
        "machine": machine.machine(),
        "versions": machine.versions(),
        "load": {"before": before, "after": machine.load()},
        "method": _METHOD,
    }
    return Results.of(about, run.left_out, run.problems, samples)


def show(console: Console, results: Results) -> None:
    """Table, then plainly what is not met, missing or doubtful."""
    console.print(table.terminal(results))
    console.print(table.explanation(results), markup=False)
    judged = bars.verdicts(results)
    for verdict in judged:
        if verdict.met is False:
            console.print(f"Not met: {verdict.bar} (measured: {verdict.measured})", style="red", markup=False)
    for problem in results.problems:
        console.print(f"Problem: {problem}", style="yellow", markup=False)
    met = sum(verdict.met is True for verdict in judged)
    known = sum(verdict.met is not None for verdict in judged)
    console.print(f"{met} of {known} bars met.", style="bold")


def keep(results: Results) -> None:
    """Write plot and README table."""
    plot.draw(results, COMMITTED.with_suffix(".png"))
    table.README.write_text(table.into_readme(table.README.read_text(), results))


if __name__ == "__main__":
    main(prog_name="python -m tests.bench")
