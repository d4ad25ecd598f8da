"""One small chart for each figure of the table."""

from __future__ import annotations

from pathlib import Path

from .contenders import CONTENDERS
from .results import Results
from .table import ROWS, alt_text

# Okabe and Ito's colours, which people with any colour vision tell apart; every bar has its name as well.
_COLOURS = {
    "lab": "#D55E00",
    "floor": "#999999",
    "ministack": "#0072B2",
    "serverless-offline": "#009E73",
    "chalice": "#CC79A7",
}
_FLOOR_NAMES = {"bare": "bare process", "moto": "moto server"}


def draw(results: Results, file: Path) -> None:
    """Write ``file`` (PNG) and its text for those who do not see it (``.txt`` beside it)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [
        row for row in ROWS if row.figure in results.figures and row.figure not in ("idle_cpu", "environment_memory")
    ]
    lines = -(-len(rows) // 2)
    figure, axes = pyplot.subplots(lines, 2, figsize=(11, 1.9 * lines + 0.6), squeeze=False, layout="constrained")
    for axis in axes.flat[len(rows) :]:
        axis.set_visible(False)
    for axis, row in zip(axes.flat, rows, strict=False):
        names, values, colours = [], [], []
        for key, colour in _COLOURS.items():
            value = results.median(row.figure, row.floor if key == "floor" else key)
            if value is None:
                continue
            names.append(_FLOOR_NAMES.get(row.floor, "floor") if key == "floor" else CONTENDERS[key].label)
            values.append(value / row.scale)
            colours.append(colour)
        drawn = axis.barh(names, values, color=colours)
        axis.bar_label(drawn, [f"{value:,.{row.digits}f}" for value in values], padding=3, fontsize=8)
        axis.invert_yaxis()
        axis.margins(x=0.16)
        axis.set_title(f"{row.title}, {row.unit}", fontsize=10, loc="left")
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    better = "shorter bars are better, except requests/s"
    figure.suptitle(f"Speed of the local cloud, {results.about['date'][:10]} ({better})", fontsize=11)
    file.parent.mkdir(parents=True, exist_ok=True)
    # No date or version inside the picture: the same figures make the same file.
    figure.savefig(file, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    file.with_suffix(".txt").write_text(alt_text(results) + "\n")
