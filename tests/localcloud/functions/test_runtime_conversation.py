"""What the runtime and its environment say to each other, and how each ending is understood."""

from __future__ import annotations

import asyncio
import json

import pytest

from labsupport.localcloud.functions import limits
from labsupport.localcloud.functions.runtime_api import Delivery
from labsupport.localcloud.functions.runtime_conversation import End, EndKind, RuntimeConversation
from labsupport.localcloud.functions.verdict import Verdict, init_verdict, verdict


def scenario(steps):
    async def run():
        idle = []
        talk = RuntimeConversation(lambda: idle.append(True))
        try:
            return await steps(talk, idle)
        finally:
            await talk.close()

    return asyncio.run(run())


class Gone(Exception):
    """There will be no event any more."""


async def asking(talk):
    """The runtime asks for its next event; what is returned waits for it."""
    asked = asyncio.get_running_loop().create_future()
    talk.runtime_asks_next(lambda event: asked.set_result(event) if event else asked.set_exception(Gone()))
    return asked


def test_an_event_goes_out_and_its_answer_comes_back():
    async def steps(talk, idle):
        talk.begin("one")
        talk.runtime_starts()
        task = await asking(talk)
        assert (await talk.end(5)).kind is EndKind.READY and talk.asks
        talk.deliver(Delivery({"a": "b"}, b"event"))
        assert (await task).payload == b"event" and not talk.asks
        talk.runtime_answers("another", b"not this", "text/plain")
        talk.runtime_answers("one", b"answer", "application/json")
        talk.runtime_reports_error("one", b"too late")
        ended = await talk.end(5)
        talk.finish()
        assert not idle
        task = await asking(talk)
        assert idle == [True]
        talk.hang_up()
        with pytest.raises(Gone):
            await task
        return ended

    assert scenario(steps) == End(EndKind.ANSWERED, b"answer")


def test_the_time_runs_out():
    async def steps(talk, _idle):
        talk.begin("one")
        talk.runtime_starts()
        return await talk.end(0.0)

    assert scenario(steps).kind is EndKind.TIMED_OUT


def test_what_was_posted_just_before_the_exit_counts():
    async def steps(talk, _idle):
        talk.begin("one")
        talk.runtime_starts()
        talk.runtime_ended(1)
        talk.runtime_reports_init_error("Grüße".encode("latin-1"), "Runtime.ImportModuleError")
        return await talk.end(5)

    ended = scenario(steps)
    assert (ended.kind, ended.payload.decode()) == (EndKind.INIT_ERROR, "Grüße")


def test_a_process_that_is_gone_is_told_so():
    async def steps(talk, _idle):
        with pytest.raises(Gone):
            await (await asking(talk))
        talk.begin("one")
        talk.runtime_starts()
        first = await asking(talk)
        second = await asking(talk)
        with pytest.raises(Gone):  # a second request takes the place of the first
            await first
        talk.runtime_ended(0)
        with pytest.raises(Gone):
            await second

    scenario(steps)


def of(end, killed=False):
    return verdict(end, "id", 3.0, killed)


def test_verdicts():
    assert of(End(EndKind.ANSWERED, b"1")) == Verdict(b"1", function_error=None)
    large = of(End(EndKind.ANSWERED, b"x" * (limits.RESPONSE_PAYLOAD_BYTES + 1)))
    assert large.function_error == "Unhandled" and b"Function.ResponseSizeTooLarge" in large.payload
    assert of(End(EndKind.ERROR, b"{}")) == Verdict(b"{}"), "an exception is no error of the environment"
    init = of(End(EndKind.INIT_ERROR, b"{}", error_type="Runtime.HandlerNotFound"))
    assert (init.status, init.error_type) == ("error", "Runtime.HandlerNotFound")
    late = of(End(EndKind.TIMED_OUT))
    assert (late.status, late.error_type) == ("timeout", None)
    assert json.loads(late.payload)["errorType"] == "Sandbox.Timedout"
    gone = of(End(EndKind.EXITED, exit_status=3))
    assert (gone.status, gone.error_type) == ("error", "Runtime.ExitError")
    assert json.loads(gone.payload)["errorMessage"].endswith("exit status 3")
    memory = of(End(EndKind.EXITED, exit_status=0), killed=True)
    assert memory.error_type == "Runtime.OutOfMemory"
    assert json.loads(memory.payload)["errorMessage"].endswith("signal: killed")


def test_init_verdicts():
    assert init_verdict(End(EndKind.READY), False) == ("success", None)
    assert init_verdict(End(EndKind.TIMED_OUT), False) == ("timeout", None)
    assert init_verdict(End(EndKind.EXITED), True) == ("error", "Runtime.OutOfMemory")
    assert init_verdict(End(EndKind.EXITED), False) == ("error", "Runtime.ExitError")
    assert init_verdict(End(EndKind.INIT_ERROR, error_type="Runtime.X"), False) == ("error", "Runtime.X")
