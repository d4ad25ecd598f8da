"""What the pollers are told of a mapping, and how long a change keeps it busy."""

from __future__ import annotations

import asyncio

import pytest

from .control_plane import ACCOUNT, REGION, add_function, lambda_api, request

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/2026-01-01T00:00:00.000"
MAPPINGS = "/2015-03-31/event-source-mappings"


class Pollers:
    """Keeps what is begun and ended; ``may_end`` holds up the end of running batches."""

    def __init__(self):
        self.told = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    def begin(self, mapping):
        self.told.append(("begin", mapping))

    async def end(self, uuid):
        self.told.append(("end", uuid))
        await self.may_end.wait()


@pytest.fixture
def api(tmp_path):
    api = lambda_api(tmp_path)
    api.time_scale = 0.0
    add_function(api, "f")
    return api


async def create(api, source=QUEUE, **more):
    status, document = await request(
        api, "POST", MAPPINGS, {"EventSourceArn": source, "FunctionName": "f:$LATEST", **more}
    )
    assert status == 202, document
    return document


async def settled(api, uuid, state):
    for _ in range(1000):
        status, document = await request(api, "GET", f"{MAPPINGS}/{uuid}")
        if status == 404 or document["State"] == state:
            return document
        await asyncio.sleep(0.001)
    raise AssertionError(f"never {state}")


def test_a_poller_begins_when_its_mapping_is_enabled_and_is_told_all_it_needs(api):
    async def case():
        api.pollers = Pollers()
        made = await create(
            api,
            STREAM,
            StartingPosition="LATEST",
            BatchSize=20,
            MaximumBatchingWindowInSeconds=3,
            FilterCriteria={"Filters": [{"Pattern": '{"a": [1]}'}, {"Pattern": '{"b": [1]}'}]},
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ParallelizationFactor=2,
            MaximumRecordAgeInSeconds=60,
            MaximumRetryAttempts=5,
            BisectBatchOnFunctionError=True,
            TumblingWindowInSeconds=30,
            DestinationConfig={"OnFailure": {"Destination": QUEUE}},
        )
        assert api.pollers.told == []
        await settled(api, made["UUID"], "Enabled")
        ((what, mapping),) = api.pollers.told
        assert what == "begin"
        assert (mapping.uuid, mapping.region, mapping.source_arn) == (made["UUID"], REGION, STREAM)
        assert (mapping.service, mapping.function_name, mapping.qualifier) == ("dynamodb", "f", "$LATEST")
        assert (mapping.batch_size, mapping.window_seconds) == (20, 3.0)
        assert mapping.filters == ('{"a": [1]}', '{"b": [1]}')
        assert mapping.report_batch_item_failures
        assert (mapping.starting_position, mapping.parallelization_factor) == ("LATEST", 2)
        assert (mapping.maximum_record_age_seconds, mapping.maximum_retry_attempts) == (60, 5)
        assert mapping.bisect_batch_on_function_error
        assert (mapping.tumbling_window_seconds, mapping.on_failure) == (30, QUEUE)

    asyncio.run(case())


def test_a_poller_learns_of_changes_and_ends_with_its_mapping(api):
    async def case():
        api.pollers = Pollers()
        made = await create(api, ScalingConfig={"MaximumConcurrency": 4})
        await settled(api, made["UUID"], "Enabled")
        await request(api, "PUT", f"{MAPPINGS}/{made['UUID']}", {"BatchSize": 3})
        await settled(api, made["UUID"], "Enabled")
        await request(api, "PUT", f"{MAPPINGS}/{made['UUID']}", {"Enabled": False})
        await settled(api, made["UUID"], "Disabled")
        await request(api, "DELETE", f"{MAPPINGS}/{made['UUID']}")
        await settled(api, made["UUID"], "gone")
        told = api.pollers.told
        assert [what for what, _ in told] == ["begin", "begin", "end", "end"]
        assert [(one.batch_size, one.maximum_concurrency) for _, one in told[:2]] == [(10, 4), (3, 4)]

    asyncio.run(case())


@pytest.mark.parametrize("state", ["Disabling", "Deleting"])
def test_a_mapping_is_not_over_before_its_running_batches_are(api, state):
    async def case():
        api.pollers = Pollers()
        made = await create(api)
        await settled(api, made["UUID"], "Enabled")
        api.pollers.may_end.clear()
        path = f"{MAPPINGS}/{made['UUID']}"
        if state == "Disabling":
            await request(api, "PUT", path, {"Enabled": False})
        else:
            await request(api, "DELETE", path)
        while ("end", made["UUID"]) not in api.pollers.told:
            await asyncio.sleep(0.001)
        assert (await request(api, "GET", path))[1]["State"] == state
        api.pollers.may_end.set()
        await settled(api, made["UUID"], "Disabled")

    asyncio.run(case())


@pytest.mark.parametrize(("method", "verb"), [("PUT", "update"), ("DELETE", "delete")])
def test_a_mapping_in_the_middle_of_a_change_cannot_be_changed(api, method, verb):
    """ResourceInUseException is what code meets that does not wait. API Reference; the text is AWS's."""

    async def case():
        api.time_scale = 1_000.0
        made = await create(api)
        status, document = await request(api, method, f"{MAPPINGS}/{made['UUID']}", {} if method == "PUT" else None)
        assert status == 400
        assert document == {
            "Type": "User",
            "Message": f"Cannot {verb} the event source mapping because it is in use.",
        }
        await api.close()

    asyncio.run(case())


def test_a_disabled_mapping_has_no_poller(api):
    async def case():
        api.pollers = Pollers()
        made = await create(api, Enabled=False)
        assert (await settled(api, made["UUID"], "Disabled"))["State"] == "Disabled"
        assert api.pollers.told == []

    asyncio.run(case())


def test_what_became_of_the_last_batch_is_shown(api):
    """Of a queue only what went wrong is told, as on AWS."""

    async def case():
        stream = await create(api, STREAM, StartingPosition="LATEST")
        queue = await create(api)
        for result, of_stream, of_queue in (
            ("OK", "OK", None),
            ("PROBLEM: Function call failed", "PROBLEM: Function call failed", "PROBLEM: Function call failed"),
            ("OK", "OK", None),
        ):
            for made, wanted in ((stream, of_stream), (queue, of_queue)):
                api.mapping_processed(made["UUID"], result)
                _status, shown = await request(api, "GET", f"{MAPPINGS}/{made['UUID']}")
                assert shown.get("LastProcessingResult") == wanted
        api.mapping_processed("gone", "OK")
        await api.close()

    asyncio.run(case())


def test_kinesis_is_refused_once_everything_else_is_right(api):
    async def case():
        wanted = {"EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "FunctionName": "f"}
        status, document = await request(api, "POST", MAPPINGS, wanted)
        assert (status, "startingPosition" in document["message"]) == (400, True)
        status, document = await request(api, "POST", MAPPINGS, wanted | {"StartingPosition": "LATEST"})
        assert status == 501
        assert document["message"] == (
            "The local cloud does not have event source mappings for Kinesis streams. On AWS it exists."
        )

    asyncio.run(case())
