"""Asynchronous invocations by services: what becomes of an event that Lambda does not take at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from labsupport.localcloud.functions.specification import FunctionNotFound, FunctionNotReady
from labsupport.localcloud.lambda_api.resource_policy import Grant, ResourcePolicy
from labsupport.localcloud.lambda_api.store import LATEST, Store
from labsupport.localcloud.triggers.push import Push, Refusal, Source

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
TOPIC = Source("sns.amazonaws.com", "arn:aws:sns:us-east-1:123456789012:t")


class Engine:
    """Takes events; ``faults`` are raised first, one for each call."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.taken = []
        self.notes = []

    async def accept(self, region, name, qualifier, payload, trace):
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append((region, name, qualifier, payload, trace))
        return "id"

    async def specification(self, region, name, qualifier):
        if name == "gone":
            raise FunctionNotFound(ARN)
        return name

    def note(self, specification, text):
        self.notes.append((specification, text))


@pytest.fixture
def store():
    """A store with a function that the topic may invoke, under its name and as ``live``."""
    store = Store()
    grant = Grant("s", {"Service": "sns.amazonaws.com"}, "lambda:InvokeFunction", ARN, source_arn=TOPIC.arn)
    policies = {LATEST: ResourcePolicy((grant,)), "live": ResourcePolicy((grant,))}
    store.region("us-east-1").functions["f"] = SimpleNamespace(policies=policies)
    return store


def test_an_event_goes_to_the_qualifier_of_the_arn_with_its_trace(store):
    engine = Engine()
    assert asyncio.run(Push(engine, store).invoke(f"{ARN}:live", b"{}", TOPIC, "Root=1")) is None
    assert engine.taken == [("us-east-1", "f", "live", b"{}", "Root=1")]


def test_a_function_that_is_being_made_is_waited_for(store):
    engine = Engine(FunctionNotReady("Pending"), FunctionNotReady("Pending"))
    assert asyncio.run(Push(engine, store).invoke(ARN, b"{}", TOPIC)) is None
    assert len(engine.taken) == 1


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"{ARN}:other", "AccessDeniedException"),
        (ARN.replace("function:f", "function:gone"), "ResourceNotFoundException"),
        ("arn:aws:sqs:us-east-1:123456789012:q", "InvalidParameterValueException"),
    ],
)
def test_what_cannot_be_invoked_is_refused_with_lambdas_code(store, arn, code):
    engine = Engine()
    refusal = asyncio.run(Push(engine, store).invoke(arn, b"{}", TOPIC))
    assert refusal.code == code
    assert engine.taken == []


def test_a_function_deleted_in_between_is_a_refusal(store):
    refusal = asyncio.run(Push(Engine(FunctionNotFound(ARN)), store).invoke(ARN, b"{}", TOPIC))
    assert refusal == Refusal("ResourceNotFoundException", f"Function not found: {ARN}")


def test_a_burst_of_refusals_is_told_once(store):
    engine = Engine()
    push = Push(engine, store)
    stranger = Source("sns.amazonaws.com", TOPIC.arn + "x")

    async def run():
        for _ in range(3):
            await push.invoke(ARN, b"{}", stranger)
        await push.invoke(ARN, b"{}", TOPIC)

    asyncio.run(run())
    ((function, text),) = engine.notes
    assert function == "f"
    assert text.startswith(
        f"LAB NOTE: an event of {stranger.arn} could not invoke {ARN}: sns.amazonaws.com is not authorized"
    )


def test_of_a_function_that_is_not_there_the_cloud_itself_tells(store, capfd):
    arn = ARN.replace("function:f", "function:gone")
    asyncio.run(Push(Engine(), store).invoke(arn, b"{}", TOPIC))
    assert capfd.readouterr().err == (
        f"labsupport cloud: an event of {TOPIC.arn} could not invoke {arn}: Function not found: {arn}. Make the function, "
        "or remove it from what sends there. On AWS nothing would tell you.\n"
    )


def test_work_begins_in_order_and_a_fault_in_it_is_printed(store, capfd):
    done = []

    async def work(number):
        done.append(number)
        if number == 1:
            raise ValueError("a fault of the lab")

    async def run():
        push = Push(Engine(), store)
        for number in range(4):
            push.start(work(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await push.close()

    asyncio.run(run())
    assert done == [0, 1, 2, 3]
    assert "ValueError: a fault of the lab" in capfd.readouterr().err


def test_close_ends_what_still_waits(store):
    async def run():
        push = Push(Engine(*[FunctionNotReady("Pending")] * 1000), store)

        async def wait():
            await push.invoke(ARN, b"{}", TOPIC)

        push.start(wait())
        await asyncio.sleep(0.01)
        await push.close()
        assert push._tasks == set()

    asyncio.run(asyncio.wait_for(run(), 20))
