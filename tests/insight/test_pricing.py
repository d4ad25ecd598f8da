from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labsupport.facts import FACTS
from labsupport.insight.pricing import PRICES, gb_seconds, quantities
from labsupport.insight.usage import FunctionUsage, RequestUsage, Usage

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def used(**fields) -> dict[str, float]:
    return quantities(Usage(NOW, **({"functions": {}, "requests": {}} | fields)))


def one(service: str, operation: str, units: int = 1) -> dict[str, float]:
    return used(requests={(service, operation, "you"): RequestUsage(1, units)})


@pytest.mark.parametrize("name", PRICES)
def test_every_price_is_a_fact_with_page_and_date(name):
    price = PRICES[name]
    assert FACTS[price.fact.name] is price.fact
    assert price.fact.url.startswith("https://aws.amazon.com/") and price.fact.looked_up.year >= 2026
    assert price.dollars_each > 0 and price.fact.text in str(price)


def test_a_thousand_gb_seconds_are_what_the_price_list_says():
    assert gb_seconds(1000, 1024) == 1.0 and gb_seconds(100, 128) == pytest.approx(0.0125)
    assert PRICES["lambda-x86_64"].dollars_each * 1000 == pytest.approx(0.0166667)
    assert PRICES["lambda-requests"].dollars_each * 5_000_000 == pytest.approx(1.0)
    assert PRICES["s3-put"].dollars_each * 200 == pytest.approx(0.001)


def test_functions_are_charged_by_request_and_by_memory_times_time():
    functions = {
        ("a", 512, "x86_64"): FunctionUsage(10, 4000),
        ("b", 1024, "x86_64"): FunctionUsage(5, 1000),
        ("c", 2048, "arm64"): FunctionUsage(1, 500),
    }
    assert used(functions=functions) == {"lambda-requests": 16, "lambda-x86_64": 3.0, "lambda-arm64": 1.0}


@pytest.mark.parametrize(
    ("operation", "price"),
    [
        ("PutObject", "s3-put"),
        ("CopyObject", "s3-put"),
        ("PostObject", "s3-put"),
        ("ListObjects", "s3-put"),
        ("ListBuckets", "s3-put"),
        ("UploadPart", "s3-put"),
        ("CompleteMultipartUpload", "s3-put"),
        ("PutBucket", "s3-put"),
        ("GetObject", "s3-get"),
        ("HeadObject", "s3-get"),
        ("GetBucket", "s3-get"),
    ],
)
def test_requests_to_s3_have_two_prices(operation, price):
    assert one("s3", operation) == {price: 1}


@pytest.mark.parametrize("operation", ["DeleteObject", "DeleteObjects", "AbortMultipartUpload", "DeleteBucket"])
def test_deleting_from_s3_is_free(operation):
    assert one("s3", operation) == {}


def test_all_requests_to_a_queue_cost_and_only_those_for_messages_cost_more_on_fifo():
    assert one("sqs", "SendMessage", units=3) == {"sqs": 3}
    assert one("sqs", "GetQueueAttributes") == {"sqs": 1}
    assert one("sqs-fifo", "ReceiveMessage") == one("sqs-fifo", "SendMessageBatch") == {"sqs-fifo": 1}
    assert one("sqs-fifo", "GetQueueAttributes") == {"sqs": 1}


def test_what_the_lab_itself_asks_is_not_charged():
    assert used(requests={("s3", "ListObjects", "lab"): RequestUsage(100, 100)}) == {}


def test_publishing_and_custom_events_cost_and_managing_topics_and_rules_does_not():
    assert one("sns", "PublishBatch", units=2) == {"sns": 2}
    assert one("events", "PutEvents", units=10) == {"eventbridge": 10}
    assert one("sns", "CreateTopic") == one("events", "PutRule") == {}


def test_dynamodb_is_charged_by_units_and_not_by_requests():
    assert one("dynamodb", "PutItem") == {}
    assert used(read_units=2.5, write_units=4) == {"dynamodb-write": 4, "dynamodb-read": 2.5}


def test_logs_are_charged_by_the_gigabyte():
    assert used(log_bytes=1024**3 // 2) == {"logs": 0.5}


def test_nothing_used_is_nothing_charged():
    assert used() == {}
