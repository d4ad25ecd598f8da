"""The one table: the same rows for the README and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from . import bars
from .contenders import CONTENDERS
from .results import Results

README = Path(__file__).parents[2] / "README.md"
START, END = "<!-- speed: made by python -m tests.bench --readme -->", "<!-- speed: end -->"
_COLUMNS = ("lab", "floor", "ministack", "serverless-offline", "chalice")


@dataclass(frozen=True)
class Row:
    """``floor`` is what the column "floor" shows, where it is not the floor server. ``scale`` divides the samples."""

    figure: str
    title: str
    unit: str
    digits: int
    scale: float = 1.0
    floor: str = "floor"
    p99: bool = False


ROWS = (
    Row("warm_boto3", "warm invoke through boto3", "ms", 2, p99=True),
    Row("warm_http", "warm invoke, raw HTTP", "ms", 2, p99=True),
    Row("throughput", "16 clients, warm, raw HTTP", "requests/s", 0),
    Row("cold", "cold invoke of an echo function", "ms", 0, floor="bare"),
    Row("sleepers_warm", "20 × 200 ms at once, warm", "s", 2, scale=1000),
    Row("sleepers_cold", "20 × 200 ms at once, cold", "s", 2, scale=1000),
    Row("start", "start to first invoke answered", "s", 2, scale=1000),
    Row("idle_memory", "idle: memory", "MB", 0, floor="moto"),
    Row("idle_cpu", "idle: CPU", "%", 1, floor="moto"),
    Row("environment_memory", "one more environment: memory", "MB", 1),
    Row("upload_start", "upload to S3 to start of handler, warm", "ms", 1, p99=True),
    Row("uploads", "1,000 uploads, a DynamoDB item each", "s", 1, scale=1000),
    Row("api_get", "GET through a REST API, warm, raw HTTP", "ms", 2, floor="", p99=True),
    Row("api_throughput", "16 clients through a REST API, raw HTTP", "requests/s", 0, floor=""),
    Row("api_mixed", "20,000 mixed requests to a REST API", "s", 1, scale=1000, floor=""),
    Row("messages", "10,000 messages in batches of 10, 2 % failing twice", "s", 1, scale=1000),
)


def _cell(results: Results, row: Row, contender: str) -> str:
    summary = results.figures.get(row.figure, {}).get(contender)
    value = results.median(row.figure, contender)
    if summary is None or value is None:
        return "–"
    text = f"{value / row.scale:,.{row.digits}f}"
    if row.p99:
        text += f" ({summary.to_json()['p99'] / row.scale:,.{row.digits}f})"
    mine = results.median(row.figure, "lab")
    if contender != "lab" and mine and value and row.figure != "idle_cpu":
        text += f" · {_times(value / mine)}"
    return text


def _times(times: float) -> str:
    return f"{times:,.0f} ×" if times >= 10 else f"{times:.1f} ×" if times >= 0.95 else f"{times:.2f} ×"


def cells(results: Results) -> tuple[list[str], list[list[str]]]:
    """Heads and rows. Peers that were left out have no column; the text below the table names them."""
    columns = [key for key in _COLUMNS if key in ("lab", "floor") or key not in results.left_out]
    heads = ["", *(CONTENDERS[key].label for key in columns), "bar"]
    rows = []
    for row in ROWS:
        if row.figure not in results.figures:
            continue
        texts = [_cell(results, row, row.floor if key == "floor" else key) for key in columns]
        judged = "; ".join(verdict.text for verdict in bars.verdicts(results, row.figure))
        rows.append([f"{row.title}, {row.unit}", *texts, judged])
    return heads, rows


def markdown(results: Results) -> str:
    """What stands in the README between the two markers."""
    heads, rows = cells(results)
    lines = [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        explanation(results),
        "",
        "![Bar charts of the figures in the table above; docs/bench/speed.txt says them in words](docs/bench/speed.png)",
    ]
    return "\n".join(lines)


def explanation(results: Results) -> str:
    """One paragraph: what the columns are, when and where it was measured, what is missing."""
    about, on = results.about, results.about["machine"]
    text = (
        f"Medians (p99 in brackets), and how many times the lab's figure each is. Measured on {about['date'][:10]} in "
        f"one run on {on['cores']} cores of {on['processor']}, {on['memory_gib']:.0f} GiB, Python {on['python']}, "
        "everyone in turns with the same handler and the same bytes. The floor is a bare `python -m awslambdaric` "
        "behind the smallest Runtime API that works; for a cold invoke, that process alone up to its first `/next`; for "
        "idle figures, moto's own server."
    )
    in_process = results.median("warm_http", "in-process")
    if in_process is not None:
        text += f" The handler as a plain call takes {in_process * 1000:.0f} µs."
    peers = {key: reason for key, reason in results.left_out.items() if key in _COLUMNS}
    for key, reason in peers.items():
        text += f" {CONTENDERS[key].label} is missing: {reason.splitlines()[0]}."
    if results.caveat():
        text += f" **Not to be quoted:** {results.caveat()}."
    return text + " `make bench-peers bench` measures anew; all figures are in `docs/bench/speed.json`."


def alt_text(results: Results) -> str:
    """The plot in words."""
    parts = []
    for row in ROWS:
        mine = results.median(row.figure, "lab")
        if row.figure in ("idle_cpu", "environment_memory") or mine is None:
            continue
        shown = [f"Lambda Lab {mine / row.scale:,.{row.digits}f}"]
        for key in _COLUMNS[1:]:
            value = results.median(row.figure, row.floor if key == "floor" else key)
            if value is not None:
                name = (
                    {"bare": "bare process", "moto": "moto server"}.get(row.floor, "floor") if key == "floor" else key
                )
                shown.append(f"{name} {value / row.scale:,.{row.digits}f}")
        parts.append(f"{row.title} in {row.unit}: {', '.join(shown)}")
    return "Bar charts. " + ". ".join(parts) + "."


def into_readme(text: str, results: Results) -> str:
    """The README's text with a new table between the markers. Raises ValueError when it has no markers."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"README.md needs the lines {START} and {END}")
    return f"{before}{START}\n{markdown(results)}\n{END}{after}"


def terminal(results: Results) -> Table:
    """The same table in colours."""
    heads, rows = cells(results)
    table = Table(title="Speed of the local cloud", show_lines=True)
    for head in heads:
        table.add_column(head or "what", justify="left" if head in ("", "bar") else "right")
    for row in rows:
        judged = row[-1].replace("**not met**", "[bold red]not met[/]").replace(", met", ", [green]met[/]")
        table.add_row(*row[:-1], judged)
    return table
