"""The chain of requests in the X-Ray header, and the price of a loop."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from labsupport.localcloud.functions.recursion import Loops, RecursionStopped, next_trace, refuse_loop, runs_in_chain

from .specimens import invocation, outcome, specification

F, G = specification("f"), specification("g")


def chain(*functions):
    trace = None
    for function in functions:
        trace = next_trace(trace, function.arn)
    return trace


def test_an_invocation_from_outside_begins_a_chain():
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0",
        next_trace(None, F.arn),
    )


def test_the_root_stays_and_the_parent_is_new():
    first = next_trace("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", F.arn)
    second = next_trace(first, F.arn)
    assert first.startswith("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=")
    assert second.split(";")[0] == first.split(";")[0]
    assert len({"53995c3f42cd8ad8", first.split(";")[1][7:], second.split(";")[1][7:]}) == 3


def test_the_fifteenth_run_has_the_lineage_that_aws_shows():
    """Observed on AWS: Lineage=15:HASH:14."""
    assert re.search(r";Lineage=15:[0-9a-f]{8}:14$", chain(*[F] * 15))


def test_each_function_of_a_loop_is_counted_for_itself():
    trace = chain(F, G, F, G, F)
    assert re.search(r";Lineage=5:", trace)
    assert (runs_in_chain(trace, F.arn), runs_in_chain(trace, G.arn)) == (3, 2)


def test_the_header_survives_what_botocore_does_to_it():
    trace = chain(F, G)
    sent = quote(trace, safe="-=;:+&[]{}\"',")
    assert runs_in_chain(next_trace(sent, F.arn), F.arn) == 2


@pytest.mark.parametrize(
    "header", ["", "nonsense", "Lineage=", "Root=1;Lineage=x:y:z", "Lineage=1:fe460cdd:", "\u0000"]
)
def test_a_strange_header_begins_a_chain(header):
    assert runs_in_chain(next_trace(header, F.arn), F.arn) == 1


def test_the_seventeenth_run_is_refused():
    sixteenth = chain(*[F] * 15)
    refuse_loop(F, invocation(trace=sixteenth))
    with pytest.raises(RecursionStopped, match="^Lambda has detected your function being invoked in a recursive loop"):
        refuse_loop(F, invocation(trace=chain(*[F] * 16)))
    refuse_loop(specification("f", recursive_loop="Allow"), invocation(trace=chain(*[F] * 40)))


def note_of(runs_a_second, billed, memory):
    loops = Loops()
    function = specification("f", memory_size=memory)
    trace = None
    event = None
    for number in range(16):
        event = invocation(trace=trace)
        trace = event.trace_id
        start = 100 + number / runs_a_second
        loops.record(function, event, outcome(billed_duration=billed, log_stream="s"), start, start + 1 / runs_a_second)
    return loops, function, event, loops.note(function, event, "It went.")


@pytest.mark.parametrize(
    ("rate", "billed", "memory", "figures"),
    [
        # 0.2 µ$ a request and 1/8 GB for 0.1 s at $0.0000166667 are 0.408 µ$; 10 a second are $0.0147 an hour
        (10, 100, 128, "10.00 times a second with 100 ms billed each and 128 MB; without this stop that would have cost about $0.015 an hour, $0.35 a day"),
        (100, 1000, 1024, "100.00 times a second with 1000 ms billed each and 1024 MB; without this stop that would have cost about $6.07 an hour, $145.73 a day"),
    ],
    ids=["small", "large"],
)  # fmt: skip
def test_the_note_prices_the_loop_from_what_was_measured(rate, billed, memory, figures):
    *_, note = note_of(rate, billed, memory)
    assert figures in note.text
    assert note.log_stream == "s"


def test_a_chain_is_told_of_once():
    loops, function, event, note = note_of(10, 100, 128)
    assert note is not None
    assert loops.note(function, event, "It went.") is None


def test_a_loop_that_was_not_measured_is_told_of_without_a_price():
    note = Loops().note(F, invocation(), "It went.")
    assert "It went. Let the function write" in note.text
    assert "$" not in note.text


def test_invocations_from_outside_are_not_kept():
    loops = Loops()
    for _ in range(10):
        loops.record(F, invocation(), outcome(), 1.0, 2.0)
    assert not loops._chains


def test_only_so_many_chains_are_kept():
    loops = Loops()
    for _ in range(1100):
        loops.record(F, invocation(trace=chain(G)), outcome(), 1.0, 2.0)
    assert len(loops._chains) == 1000
