"""Bars, the table, and that the README's is the committed one."""

from __future__ import annotations

import pytest
from rich.console import Console

from . import bars, plot, table
from .__main__ import show
from .figures import Summary
from .results import COMMITTED, Results

ABOUT = {
    "date": "2026-11-25T10:00:00+00:00",
    "quick": False,
    "machine": {"cores": 2, "processor": "Some CPU", "memory_gib": 24.0, "python": "3.11.7"},
    "load": {"before": {"cpu_percent": 1.0, "average": [0, 0, 0]}},
}
GOOD = {
    "warm_boto3": {"lab": 1.9, "floor": 1.5, "ministack": 57.0, "serverless-offline": 3.0},
    "warm_http": {"lab": 0.9, "floor": 0.6, "chalice": 44.0, "in-process": 0.007},
    "throughput": {"lab": 1600.0, "floor": 2000.0},
    "cold": {"lab": 60.0, "bare": 50.0, "floor": 55.0},
    "sleepers_warm": {"lab": 230.0, "floor": 210.0},
    "sleepers_cold": {"lab": 900.0, "floor": 800.0},
    "start": {"lab": 1400.0, "floor": 400.0},
    "idle_memory": {"lab": 95.0, "moto": 80.0},
    "idle_cpu": {"lab": 0.2, "moto": 0.0},
    "environment_memory": {"lab": 7.0},
    "left_memory": {"lab": 0.5},
    "left_processes": {"lab": 0.0},
    "left_open_files": {"lab": 0.0},
    "left_files": {"lab": 0.0},
    "upload_start": {"lab": 9.0, "ministack": 70.0},
    "uploads": {"lab": 9000.0, "ministack": 30000.0},
    "uploads_lost": {"lab": 0.0, "ministack": 259.0},
    "uploads_twice": {"lab": 0.0, "ministack": 0.0},
    "api_get": {"lab": 1.0, "ministack": 54.0, "serverless-offline": 4.0},
    "api_invoke": {"lab": 0.8},
    "api_throughput": {"lab": 1200.0, "ministack": 30.0},
    "api_invoke_throughput": {"lab": 1600.0},
    "api_mixed": {"lab": 30000.0},
    "api_wrong": {"lab": 0.0},
    "messages": {"lab": 20000.0, "ministack": 60000.0},
    "messages_lost": {"lab": 0.0, "ministack": 0.0},
    "messages_left": {"lab": 0.0, "ministack": 0.0},
}


def results(left_out=None, about=ABOUT, **changes):
    figures = {
        figure: {key: Summary.of([[value]]) for key, value in (values | changes.get(figure, {})).items()}
        for figure, values in GOOD.items()
    }
    return Results(about, left_out or {}, (), figures)


def test_every_bar_is_met_by_good_figures():
    judged = bars.verdicts(results())
    assert [verdict.met for verdict in judged] == [True] * len(judged) == [True] * 18


@pytest.mark.parametrize(
    ("figure", "value", "text"),
    [
        ("warm_boto3", 2.1, "≤ 1.3 × floor: 1.40 ×, **not met**"),
        ("warm_boto3", 3.0, "≤ 1/20 of ministack: 1/19, **not met**"),
        ("throughput", 1300.0, "≥ 70 % of the floor: 65 %, **not met**"),
        ("cold", 71.0, "≤ 1.4 × the bare process: 1.42 ×, **not met**"),
        ("sleepers_warm", 310.0, "≤ 0.3 s: 0.31 s, **not met**"),
        ("sleepers_cold", 1020.0, "≤ 1 s: 1.02 s, **not met**"),
        ("start", 1600.0, "≤ 1.5 s: 1.60 s, **not met**"),
        ("idle_memory", 108.0, "≤ 1.3 × moto server: 1.35 ×, **not met**"),
        ("idle_cpu", 0.8, "0 %, rounded: 0.8 %, **not met**"),
        ("upload_start", 15.5, "≤ 15 ms: 15.5 ms, **not met**"),
        ("uploads", 16000.0, "≤ 1/2 of ministack: 1/2, **not met**"),
        ("uploads_lost", 1.0, "every item exactly once: 1 lost, 0 twice, **not met**"),
        ("uploads_twice", 2.0, "every item exactly once: 0 lost, 2 twice, **not met**"),
        ("messages_lost", 3.0, "each deleted or in the DLQ: 3 lost, 0 left, **not met**"),
        ("messages_left", 1.0, "each deleted or in the DLQ: 0 lost, 1 left, **not met**"),
    ],
)
def test_a_bar_that_is_not_met_says_by_how_much(figure, value, text):
    assert text in [verdict.text for verdict in bars.verdicts(results(**{figure: {"lab": value}}))]


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        ("left_processes", "1 processes, 0 open files, 0 files, 0.5 MB left"),
        ("left_open_files", "0 processes, 1 open files, 0 files, 0.5 MB left"),
        ("left_files", "0 processes, 0 open files, 1 files, 0.5 MB left"),
    ],
)
def test_one_thing_left_behind_is_enough_to_miss_the_bar(figure, text):
    (verdict,) = bars.verdicts(results(**{figure: {"lab": 1.0}}), "environment_memory")
    assert verdict.met is False and verdict.measured == text


def test_a_bar_without_its_peer_is_neither_met_nor_missed():
    without = results()
    del without.figures["warm_boto3"]["ministack"]
    _, against_ministack = bars.verdicts(without, "warm_boto3")
    assert against_ministack.text == "≤ 1/20 of ministack: not measured"


def test_a_cell_has_the_figure_its_p99_and_how_many_times_the_labs_it_is():
    heads, rows = table.cells(results())
    assert heads[:3] == ["", "Lambda Lab", "floor"] and heads[-1] == "bar"
    by_title = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    warm = by_title["warm invoke through boto3, ms"]
    assert warm["Lambda Lab"] == "1.90 (1.90)"
    assert warm["floor"] == "1.50 (1.50) · 0.79 ×"
    assert warm["ministack 1.5.33"] == "57.00 (57.00) · 30 ×"
    assert by_title["cold invoke of an echo function, ms"]["floor"] == "50 · 0.83 ×", "the bare process stands there"
    assert by_title["start to first invoke answered, s"]["Lambda Lab"] == "1.40"
    assert by_title["idle: memory, MB"]["floor"] == "80 · 0.84 ×", "moto's own server stands there"


def test_a_peer_left_out_has_no_column_and_the_text_says_why():
    text = table.markdown(results(left_out={"ministack": "not installed (make bench-peers)"}))
    assert "| ministack" not in text
    assert "ministack 1.5.33 is missing: not installed (make bench-peers)." in text


def test_a_quick_run_and_a_busy_machine_are_not_to_be_quoted():
    busy = ABOUT | {"quick": True, "load": {"before": {"cpu_percent": 61.0}}}
    text = table.explanation(results(about=busy))
    assert "**Not to be quoted:** a quick run, only for trying the bench; the machine was busy: 61 % of its CPU" in text
    assert "Not to be quoted" not in table.explanation(results())


def test_the_terminal_says_plainly_what_is_not_met():
    console = Console(record=True, width=200)
    show(console, results(start={"lab": 1600.0}))
    text = console.export_text()
    assert "Not met: ≤ 1.5 s (measured: 1.60 s)" in text
    assert "17 of 18 bars met." in text


def test_results_survive_their_file(tmp_path):
    file = tmp_path / "speed.json"
    before = results(left_out={"ministack": "why"})
    before.save(file)
    after = Results.load(file)
    assert after == before
    assert table.markdown(after) == table.markdown(before)


def test_a_file_of_another_version_is_refused(tmp_path):
    file = tmp_path / "speed.json"
    file.write_text('{"form": 0}')
    with pytest.raises(ValueError, match="measure again with make bench"):
        Results.load(file)


def test_the_plot_has_its_figures_in_words_beside_it(tmp_path):
    plot.draw(results(), tmp_path / "speed.png")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    words = (tmp_path / "speed.txt").read_text()
    assert words.startswith("Bar charts. warm invoke through boto3 in ms: Lambda Lab 1.90, floor 1.50, ministack 57.00")
    assert "moto server 80" in words


def test_a_readme_without_its_markers_is_refused():
    with pytest.raises(ValueError, match="README.md needs the lines"):
        table.into_readme("# Lambda Lab\n", results())


def test_only_what_is_between_the_markers_changes():
    text = table.into_readme(f"before\n{table.START}\nwhat was here\n{table.END}\nafter\n", results())
    assert text.startswith(f"before\n{table.START}\n|") and text.endswith(f"\n{table.END}\nafter\n")
    assert "what was here" not in text
    assert table.into_readme(text, results()) == text


def test_the_readmes_table_is_made_of_the_committed_result():
    text = table.README.read_text()
    assert table.into_readme(text, Results.load(COMMITTED)) == text, "run: python -m tests.bench --readme"
    assert COMMITTED.with_suffix(".txt").read_text() == table.alt_text(Results.load(COMMITTED)) + "\n"
