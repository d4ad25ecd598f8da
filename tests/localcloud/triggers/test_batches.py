"""Partial batch responses: what an answer says about the items of a batch."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.functions.specification import InvocationOutcome
from labsupport.localcloud.triggers.batches import failed_items

BATCH = ("m1", "m2", "m3")


def outcome(payload: bytes, function_error: str | None = None) -> InvocationOutcome:
    return InvocationOutcome(payload, "application/json", function_error, "$LATEST", b"")


def failed(answer: object) -> frozenset[str] | None:
    return failed_items(outcome(json.dumps(answer).encode()), BATCH, True)


@pytest.mark.parametrize(
    "answer",
    [None, {}, [], "", {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 200}],
)
def test_an_answer_without_failures_is_a_success(answer):
    assert failed(answer) == frozenset()


def test_no_answer_at_all_is_a_success():
    assert failed_items(outcome(b""), BATCH, True) == frozenset()


def test_reported_items_failed_and_the_others_did_not():
    assert failed({"batchItemFailures": [{"itemIdentifier": "m3"}, {"itemIdentifier": "m1"}]}) == {"m1", "m3"}


def test_an_item_reported_twice_counts_once():
    assert failed({"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m2"}]}) == {"m2"}


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": 1}]},
        {"batchItemFailures": [{"foo": "m1"}]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": ["m1"]},
        {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "of another batch"}]},
        {"batchItemFailures": {"itemIdentifier": "m1"}},
        {"batchItemFailures": "m1"},
        {"batchItemFailures": False},
        ["m1"],
        "m1",
        1,
        False,
    ],
)
def test_an_answer_that_cannot_be_understood_fails_the_whole_batch(answer):
    assert failed(answer) is None


def test_an_answer_that_is_no_json_fails_the_whole_batch():
    assert failed_items(outcome(b"{"), BATCH, True) is None


@pytest.mark.parametrize("reports", [True, False])
def test_an_error_of_the_function_fails_the_whole_batch(reports):
    answer = json.dumps({"batchItemFailures": []}).encode()
    assert failed_items(outcome(answer, "Unhandled"), BATCH, reports) is None


def test_without_the_setting_the_answer_does_not_matter():
    answer = json.dumps({"batchItemFailures": [{"itemIdentifier": "m1"}]}).encode()
    assert failed_items(outcome(answer), BATCH, False) == frozenset()
    assert failed_items(outcome(b"{"), BATCH, False) == frozenset()
