"""Deliveries: what is asked of the role, what is sent with whose credentials, and what is said when it fails."""

from __future__ import annotations

import asyncio
import json

from labsupport.localcloud.functions.asynchronous import Ended, QueuedEvent
from labsupport.localcloud.functions.destinations import Deliveries

from .specimens import REGION, invocation, outcome, specification

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:q"


class Services:
    """Keeps requests; answers with ``answer``."""

    def __init__(self, answer=(200, b"{}")):
        self.answer = answer
        self.requests = []
        self.sessions = []

    async def credentials(self, region, role, session_name):
        self.sessions.append((region, role, session_name))
        return {"access_key_id": "ASIA1", "secret_access_key": "s", "session_token": "t"}

    async def service_request(self, *request):
        self.requests.append(request)
        return self.answer


class Functions:
    async def accept(self, *event):
        raise AssertionError("no function is invoked here")


def deliver(services, arn, allowed=True, times=1):
    asked, notes = [], []

    async def role_allows(*question):
        asked.append(question)
        return allowed

    function = specification(on_failure=arn)
    event = QueuedEvent(REGION, "f", None, invocation(), 0.0, 1, outcome=outcome("x", error=True), status=200)

    async def run():
        deliveries = Deliveries(services, Functions(), lambda *note: notes.append(note[1]), role_allows)
        for _ in range(times):
            await deliveries.deliver(Ended(event, function, "RetriesExhausted"))

    asyncio.run(run())
    return asked, notes, event


def test_a_record_is_sent_in_the_targets_region_with_the_roles_credentials_and_the_chain():
    services = Services()
    asked, notes, event = deliver(services, QUEUE)
    ((service, region, credentials, method, path, headers, body),) = services.requests
    assert (service, region, credentials["access_key_id"], method, path) == ("sqs", "eu-west-1", "ASIA1", "POST", "/")
    assert headers["X-Amzn-Trace-Id"] == event.invocation.trace_id
    assert json.loads(body)["QueueUrl"] == "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
    assert asked == [(specification().role, "sqs:SendMessage", QUEUE)]
    assert notes == []


def test_credentials_are_asked_for_once():
    services = Services()
    deliver(services, QUEUE, times=3)
    assert services.sessions == [(REGION, specification().role, "f")]


def test_a_role_that_may_not_send_sends_nothing_and_the_log_says_so():
    services = Services()
    _asked, notes, event = deliver(services, QUEUE, allowed=False)
    assert services.requests == []
    assert notes == [
        f"LAB NOTE: the on-failure record of request {event.invocation.request_id} (RetriesExhausted) could not be sent to "
        f"{QUEUE}: the execution role arn:aws:iam::123456789012:role/worker is not allowed sqs:SendMessage there. It is "
        "lost. On AWS this log would say nothing; the metric DestinationDeliveryFailures counts it.\n"
    ]


def test_the_error_of_either_protocol_is_in_the_note():
    answers = {
        b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The queue is gone."}': "QueueDoesNotExist: The queue is gone. It",
        b"<ErrorResponse><Error><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>": "NotFound: Topic does not exist. It",
        b"": "500. It",
    }  # fmt: skip
    for answer, words in answers.items():
        _asked, notes, _event = deliver(Services((500, answer)), QUEUE)
        assert f": {words} is lost." in notes[0]


def test_the_bucket_is_asked_for_with_the_records_prefix():
    asked, _notes, _event = deliver(Services(), "arn:aws:s3:::records")
    assert asked[0][1:] == ("s3:PutObject", "arn:aws:s3:::records/aws/lambda/async/f/*")


def test_an_arn_of_another_service_is_told_of():
    _asked, notes, _event = deliver(Services(), "arn:aws:kinesis:us-east-1:123456789012:stream/x")
    assert "Lambda cannot send to kinesis. It is lost." in notes[0]
