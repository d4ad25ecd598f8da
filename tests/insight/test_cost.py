from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labsupport.insight.cost import Cost, make_cost, money
from labsupport.insight.usage import FunctionUsage, RequestUsage, Usage

NOON = datetime(2026, 11, 25, 12, 0, 5, tzinfo=UTC)
USAGE = Usage(
    NOON,
    {("thumbnail", 512, "x86_64"): FunctionUsage(3, 900), ("intake", 128, "arm64"): FunctionUsage(1, 100)},
    {("s3", "PutObject", "function"): RequestUsage(3, 3), ("s3", "DeleteObject", "you"): RequestUsage(9, 9)},
    log_bytes=2048,
    read_units=0.5,
    write_units=2,
)


def cost(usage: Usage = USAGE, region: str = "us-east-1") -> Cost:
    return make_cost(usage, region)


def test_the_bill_has_a_line_for_each_price_and_their_sum():
    bill = cost()
    assert [(line.price.service, line.price.what, line.quantity) for line in bill.lines] == [
        ("Lambda", "requests", 4),
        ("Lambda", "duration", 0.45),
        ("Lambda", "duration, Arm", 0.0125),
        ("S3", "PUT, COPY, POST and LIST requests", 3),
        ("DynamoDB", "write request units", 2),
        ("DynamoDB", "read request units", 0.5),
        ("CloudWatch Logs", "log taken in", pytest.approx(2048 / 1024**3)),
    ]
    assert bill.dollars == pytest.approx(
        4 * 0.2e-6
        + 0.45 * 0.0000166667
        + 0.0125 * 0.0000133334
        + 3 * 0.005e-3
        + 2 * 0.625e-6
        + 0.5 * 0.125e-6
        + 2048 / 1024**3 * 0.5
    )


def test_text_and_table_say_the_same():
    bill = cost()
    text, html = repr(bill), bill._repr_html_()
    for words in (
        "On AWS this would have cost $0.0000257 since 12:00:05 UTC, free tier aside",
        "$0.20 per million",
        "$0.0000166667 per GB-s",
        "0.45 GB-s",
        "0.0000075",
        "0.000015",
        "thumbnail",
        "512 MB",
        "Prices of US East (N. Virginia), looked up 2026-11-25: AWS Lambda Pricing, Amazon S3 pricing,",
        "Not in it: what is stored",
    ):
        assert words in text and words in html


def test_no_figure_is_written_with_an_exponent():
    assert "e-" not in repr(cost()).replace("free-tier", "")
    assert [money(amount) for amount in (0, 0.0000052, 0.00000001, 0.009, 0.01, 1.235, 1234.5)] == [
        "$0.00",
        "$0.0000052",
        "$0.00000001",
        "$0.009",
        "$0.01",
        "$1.24" if f"{1.235:.2f}" == "1.24" else "$1.23",
        "$1,234.50",
    ]


def test_one_cent_says_how_little_it_was():
    assert "For one cent you could do all this 389 times." in cost().notes


def test_the_free_tier_stands_apart_and_is_shared_by_both_processors():
    bill = cost()
    # Of all that, S3 and DynamoDB's units have no monthly allowance.
    assert bill.dollars_after_free_tier == pytest.approx(3 * 0.005e-3 + 2 * 0.625e-6 + 0.5 * 0.125e-6)
    text = repr(bill)
    assert (
        "The free tier of each month, if nothing else uses it: of the $0.0000257 you would have paid $0.0000163" in text
    )
    row = next(line for line in text.splitlines() if "400,000 GB-seconds" in line)
    assert row.split() == ["Lambda", "duration", "0.463", "GB-s", "400,000", "GB-seconds"]
    assert "1 million requests" in text and "5 GB" in text


def test_what_goes_beyond_the_free_tier_is_paid_once():
    usage = Usage(
        NOON,
        {("a", 1024, "x86_64"): FunctionUsage(1, 300_000_000), ("b", 1024, "arm64"): FunctionUsage(1, 300_000_000)},
        {},
    )
    # 300,000 GB-s of each: the first is within the 400,000, of the second 200,000 are left to pay.
    assert cost(usage).dollars_after_free_tier == pytest.approx(200_000 * 0.0000133334)


def test_lambda_by_function_is_shown_when_there_is_more_than_one():
    assert "Lambda by function" in repr(cost())
    single = Usage(NOON, {("thumbnail", 512, "x86_64"): FunctionUsage(3, 900)}, {})
    assert "Lambda by function" not in repr(cost(single)) and "thumbnail" not in repr(cost(single))


def test_nothing_used_is_one_line_in_both_forms():
    bill = cost(Usage(NOON, {}, {}))
    line = "Nothing that AWS charges for was used since 12:00:05 UTC."
    assert repr(bill) == line and line in bill._repr_html_()
    assert bill.dollars == bill.dollars_after_free_tier == 0


def test_only_free_requests_cost_nothing():
    bill = cost(Usage(NOON, {}, {("s3", "DeleteObject", "you"): RequestUsage(9, 9)}))
    assert repr(bill).startswith("Nothing that AWS charges for")


def test_another_region_is_said_to_have_other_prices():
    assert "This lab runs in eu-central-1, where prices may differ." in cost(region="eu-central-1").notes
    assert not any("may differ" in line for line in cost().notes)


def test_pollers_that_ask_empty_queues_are_named():
    polled = Usage(NOON, {}, {("sqs", "ReceiveMessage", "trigger"): RequestUsage(3, 3)})
    assert "On AWS Lambda asks a queue all the time" in repr(cost(polled)) and cost(polled).lines[0].quantity == 3
    assert "asks a queue all the time" not in repr(cost())


def test_what_logs_cannot_tell_is_said():
    partly = Usage(NOON, USAGE.functions, {}, complete=False)
    assert any(line.startswith("Read from the logs of the functions") for line in cost(partly).notes)
    assert not any("Read from the logs" in line for line in cost().notes)


def test_a_bill_since_an_earlier_one_has_only_what_came_after_it():
    before = cost()
    later = Usage(
        NOON,
        {**USAGE.functions, ("thumbnail", 512, "x86_64"): FunctionUsage(5, 1500)},
        {**USAGE.requests, ("s3", "PutObject", "function"): RequestUsage(4, 4)},
        log_bytes=2048,
        read_units=0.5,
        write_units=3,
    )
    bill = make_cost(later, "us-east-1", after=(before.counter, before.counted))
    assert {line.price.what: line.quantity for line in bill.lines} == {
        "requests": 2,
        "duration": pytest.approx(0.3),
        "PUT, COPY, POST and LIST requests": 1,
        "write request units": 1,
    }
    assert bill.usage.since == before.counted and bill.counter is later
    # And from there on again.
    again = make_cost(later, "us-east-1", after=(bill.counter, bill.counted))
    assert again.lines == ()


def test_a_new_cloud_counts_from_zero_whatever_an_earlier_one_had_counted():
    new = Usage(datetime(2026, 11, 25, 13, tzinfo=UTC), {}, {("s3", "PutObject", "you"): RequestUsage(1, 1)})
    bill = make_cost(new, "us-east-1", after=(USAGE, NOON))
    assert [line.quantity for line in bill.lines] == [1]


def test_jupyterlab_is_told_that_nothing_between_dollars_is_a_formula():
    assert 'class="mathjax_ignore"' in cost()._repr_html_()


def test_names_cannot_break_out():
    usage = Usage(NOON, {("<b>", 128, "x86_64"): FunctionUsage(1, 1), ("b", 128, "x86_64"): FunctionUsage(1, 1)}, {})
    assert "<b>" not in cost(usage)._repr_html_()
