"""Asynchronous invocations: accepted at once, tried again, throttled without loss; and who is throttled with what."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from .deployment import CloudUnderTest, Function, running_cloud
from .targets import Queue, deploy, log_text, send_event, send_to, until

SLEEPER = """
    import time

    def handler(event, context):
        time.sleep(event.get("sleep", 0))
        print("did", event.get("n"))
        return event.get("n")
"""


@pytest.fixture
def small_cloud() -> Iterator[CloudUnderTest]:
    """An account with four concurrent executions."""
    with running_cloud("--concurrency", "4", "--time-scale", "0.02") as cloud:
        yield cloud


def throttled(call, *args, **kwargs) -> dict:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"]["Code"] == "TooManyRequestsException"
    return response


def refusal(cloud: CloudUnderTest, function: Function) -> dict | None:
    """The error of an invocation; None when it ran."""
    try:
        cloud.client("lambda").invoke(FunctionName=function.name)
    except ClientError as error:
        return error.response
    return None


def insist(function: Function, event: dict) -> None:
    """Invoke until it is not throttled."""
    while True:
        try:
            function.invoke(event)
            return
        except ClientError:
            time.sleep(0.05)


def is_running(cloud: CloudUnderTest, function: Function) -> bool:
    """Whether the function's one reserved place is taken."""
    try:
        function.invoke({}, tail=False)
    except ClientError:
        return True
    return False


def test_F065_event_invocation_answers_at_once(cloud):
    """202 with nothing else, also when the function will fail; LogType changes nothing. Recorded from AWS."""
    function = deploy(cloud, "def handler(event, context): 1/0")
    response = cloud.client("lambda").invoke(FunctionName=function.name, InvocationType="Event", LogType="Tail")
    assert set(response) == {"ResponseMetadata", "StatusCode", "Payload"}
    assert (response["StatusCode"], response["Payload"].read()) == (202, b"")


def test_F066_a_failing_event_runs_three_times_with_one_request_id(cloud):
    """Three attempts in one log stream, as long as the environment is reused. Recorded from AWS."""
    function = deploy(cloud, "def handler(event, context):\n    raise Exception('intentional failure')")
    request_id = send_event(function)
    until(lambda: log_text(function).count("REPORT ") == 3, "there were no three attempts")
    starts = re.findall(r"START RequestId: (\S+)", "".join(function.log_events()))
    assert starts == [request_id] * 3


def test_F066_neighbour_a_success_after_a_failure_ends_it(cloud):
    """Only failures are tried again. Developer Guide."""
    function = deploy(
        cloud,
        """
        RUNS = 0

        def handler(event, context):
            global RUNS
            RUNS += 1
            if RUNS < 2:
                raise Exception("not yet")
            print("well done")
        """,
    )
    queue = Queue(cloud)
    send_to(cloud, function, retries=2, success=queue.arn, failure=queue.arn)
    send_event(function)
    assert queue.records()[0]["requestContext"]["condition"] == "Success"
    assert log_text(function).count("REPORT ") == 2


def test_F075_events_wait_while_concurrency_is_exhausted(cloud):
    """A throttle is no function error: with no retries allowed both events still run. Recorded from AWS."""
    function = deploy(cloud, SLEEPER, Timeout=20)
    queue = Queue(cloud)
    send_to(cloud, function, success=queue.arn, failure=queue.arn)
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    send_event(function, {"sleep": 1.5, "n": 1})
    send_event(function, {"n": 2})
    records = queue.records(2)
    assert sorted(record["responsePayload"] for record in records) == [1, 2]
    assert {record["requestContext"]["condition"] for record in records} == {"Success"}


@pytest.mark.slow
def test_hundreds_of_events_on_two_places_run_exactly_once_each(cloud):
    """Trap: events lost or doubled when throttled, or an environment for each."""
    function = deploy(cloud, SLEEPER)
    queue = Queue(cloud)
    send_to(cloud, function, success=queue.arn, failure=queue.arn)
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=2)
    ids = [send_event(function, {"n": n}) for n in range(300)]
    records = queue.records(300, seconds=60)
    assert Counter(record["requestContext"]["requestId"] for record in records) == Counter(ids)
    assert Counter(record["responsePayload"] for record in records) == Counter(range(300))
    did = [int(n) for n in re.findall(r"did (\d+)", log_text(function))]
    assert Counter(did) == Counter(range(300))
    assert len(function.log_streams()) <= 2, "an environment for each event"


def test_F078_queued_events_use_the_code_at_run_time(cloud):
    """What waits in the queue runs the code that is current when it runs. Recorded from AWS."""
    function = deploy(cloud, "import time\ndef handler(e, c):\n    time.sleep(1.5)\n    return 'old'", Timeout=20)
    queue = Queue(cloud)
    send_to(cloud, function, success=queue.arn)
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    for _ in range(4):
        send_event(function)
    until(lambda: is_running(cloud, function), "nothing runs")
    function.update_code("def handler(e, c): return 'new'")
    payloads = [record["responsePayload"] for record in queue.records(4)]
    assert payloads == ["old", "new", "new", "new"]


def test_a_deleted_functions_events_are_dropped(cloud):
    """Nothing of the old function runs under a new one of the same name."""
    function = deploy(cloud, SLEEPER, Timeout=20)
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    send_event(function, {"sleep": 1})
    for n in range(5):
        send_event(function, {"n": n})
    client.delete_function(FunctionName=function.name)
    again = deploy(cloud, "def handler(event, context):\n    print('again', event)", name=function.name)
    send_event(again, {"n": 99})
    until(lambda: "again {'n': 99}" in log_text(again), "the new function did not run")
    assert log_text(again).count("again") == 1


@pytest.mark.parametrize(("size", "status"), [(256 * 1024, 202), (256 * 1024 + 1, 413)])
def test_invoke_async_is_accepted_up_to_256_kb(cloud, size, status):
    """The deprecated operation: 202, the old payload limit. API reference, InvokeAsync."""
    function = deploy(cloud, "def handler(event, context): print('length', len(event))")
    body = b'"' + b"x" * (size - 2) + b'"'
    address = urlsplit(cloud.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request("POST", f"/2014-11-13/functions/{function.name}/invoke-async/", body)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    assert response.status == status
    if status == 202:
        assert answer == b""
        until(lambda: f"length {size - 2}" in log_text(function), "it did not run")
    else:
        assert response.getheader("x-amzn-ErrorType") == "RequestEntityTooLargeException"


def test_invoke_async_through_boto3(cloud):
    """boto3 still has it. Service model."""
    function = deploy(cloud, SLEEPER)
    assert cloud.client("lambda").invoke_async(FunctionName=function.name, InvokeArgs=b'{"n": 7}')["Status"] == 202
    until(lambda: "did 7" in log_text(function), "it did not run")
    with pytest.raises(ClientError) as caught:
        cloud.client("lambda").invoke_async(FunctionName=function.name, InvokeArgs=b"{")
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


# --- throttling ----------------------------------------------------------------------------------------------------


def test_F080_reserved_concurrency_0_blocks_everything(cloud):
    """429 with reason, type and text to the letter, and no Retry-After. Recorded from AWS."""
    function = deploy(cloud, SLEEPER)
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    response, body = cloud.raw_invoke(function.name)
    assert response.status == 429
    assert response.getheader("x-amzn-ErrorType") == "TooManyRequestsException"
    assert response.getheader("Retry-After") is None
    assert json.loads(body) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }


def test_F081_reserved_concurrency_1_and_a_running_event(cloud):
    """The running event has the only place. Recorded from AWS."""
    function = deploy(cloud, SLEEPER, Timeout=20)
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    send_event(function, {"sleep": 3})
    until(lambda: is_running(cloud, function), "the event did not start")
    response = throttled(client.invoke, FunctionName=function.name)
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.delete_function_concurrency(FunctionName=function.name)
    assert function.invoke({"n": 1}).payload == 1


def test_F082_the_account_limit_has_a_reason_of_its_own(small_cloud):
    """ConcurrentInvocationLimitExceeded. Service model."""
    function = deploy(small_cloud, SLEEPER, Timeout=20)
    threads = [threading.Thread(target=insist, args=(function, {"sleep": 3})) for _ in range(4)]
    for thread in threads:
        thread.start()
    other = deploy(small_cloud, SLEEPER)
    refused = until(lambda: refusal(small_cloud, other), "the fifth invocation was never throttled", 20)
    assert refused["Reason"] == "ConcurrentInvocationLimitExceeded"
    for thread in threads:
        thread.join()
    assert other.invoke({"n": 1}).payload == 1


def test_what_one_function_reserves_is_taken_from_the_others(small_cloud):
    """Reserved places are nobody else's, also while the function does not run. Developer Guide."""
    keeper = deploy(small_cloud, SLEEPER)
    other = deploy(small_cloud, SLEEPER, Timeout=20)
    client = small_cloud.client("lambda")
    most = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=keeper.name, ReservedConcurrentExecutions=2)
    left = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    assert left == most - 2
    threads = [threading.Thread(target=insist, args=(other, {"sleep": 3})) for _ in range(2)]
    for thread in threads:
        thread.start()
    refused = until(lambda: refusal(small_cloud, other), "the third invocation was never throttled", 20)
    assert refused["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert keeper.invoke({"n": 1}).payload == 1
    for thread in threads:
        thread.join()


def test_a_caller_is_served_while_a_long_queue_runs(small_cloud):
    """The lab leaves a place to callers who wait: on a small account a queue would otherwise shut everybody out."""
    busy = deploy(small_cloud, SLEEPER, Timeout=20)
    for n in range(40):
        send_event(busy, {"sleep": 0.3, "n": n})
    time.sleep(0.5)
    other = deploy(small_cloud, SLEEPER)
    assert [other.invoke({"n": n}).payload for n in range(5)] == list(range(5))
    assert log_text(busy).count("did ") < 40, "the queue was over too soon to show anything"
    until(lambda: log_text(busy).count("did ") == 40, "the queue did not run to its end")
