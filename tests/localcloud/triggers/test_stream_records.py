"""Records on their way to a function, windows, and what is told of those that were given up."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from labsupport.localcloud.functions.specification import InvocationOutcome
from labsupport.localcloud.triggers.failure_records import GivenUp, failure_record
from labsupport.localcloud.triggers.mapping import EventSourceMapping
from labsupport.localcloud.triggers.stream_records import StreamRecord, event, payload
from labsupport.localcloud.triggers.stream_windows import Window

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def record(number: int, key: str = "a", created: float = 1_768_472_430.7) -> StreamRecord:
    return StreamRecord.of({"dynamodb": {"SequenceNumber": str(number), "Keys": {"id": {"S": key}}}}, created)


def answer(text: str) -> InvocationOutcome:
    return InvocationOutcome(text.encode(), "application/json", None, "$LATEST", b"")


def test_the_records_of_one_item_are_always_in_one_lane():
    assert len({record(number, "same").lane(10) for number in range(50)}) == 1
    assert len({record(1, str(number)).lane(10) for number in range(50)}) > 5


def test_a_record_s_size_is_what_it_takes_in_an_event():
    records = [record(1, "größe"), record(2)]
    assert sum(one.size for one in records) + len('{"Records":[]}') - 1 == len(payload(event(records)))


def test_a_record_of_a_function_s_version_names_it_and_one_never_handed_over_has_no_response():
    mapping = EventSourceMapping("u", "us-east-1", ARN, "f", "live", 10)
    given_up = GivenUp([record(5), record(6)], "shard", "RecordAgeExceeded", 0, "", None)
    document = failure_record(mapping, SimpleNamespace(arn=FUNCTION), given_up)  # type: ignore[arg-type]
    assert document["requestContext"]["functionArn"] == f"{FUNCTION}:live"
    assert "responseContext" not in document
    batch = document["DDBStreamBatchInfo"]
    assert (batch["startSequenceNumber"], batch["endSequenceNumber"], batch["batchSize"]) == ("5", "6", 2)
    assert batch["approximateArrivalOfFirstRecord"] == "2026-01-15T10:20:30Z"


def test_windows_follow_each_other_without_gaps():
    window = Window.around(1_768_472_430.7, 120)
    assert (window.start, window.end) == (1_768_472_400, 1_768_472_520)
    assert window.holds(1_768_472_400) and not window.holds(1_768_472_520)
    assert Window.around(1_768_472_520, 120).start == window.end
    members = window.members("shard", ARN, final=True)
    assert members["window"] == {"start": "2026-01-15T10:20:00Z", "end": "2026-01-15T10:22:00Z"}
    assert members["isFinalInvokeForWindow"] is True


@pytest.mark.parametrize("text", ["", "null", "{}", "[]", '{"state": null}', '{"state": 5}', "no json"])
def test_an_answer_without_a_state_is_not_taken(text):
    window = Window(0, 60, {"total": 1})
    assert not window.take_state(answer(text))
    assert window.state == {"total": 1}


def test_a_state_is_kept_until_it_is_larger_than_a_megabyte():
    window = Window(0, 60)
    assert window.take_state(answer('{"state": {"total": 2}}'))
    assert window.state == {"total": 2} and not window.is_too_large()
    window.state = {"all": "x" * 1024 * 1024}
    assert window.is_too_large()
