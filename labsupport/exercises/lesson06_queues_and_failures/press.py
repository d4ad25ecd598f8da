"""queues-5: the queue, its dead-letter queue and the mapping for the day of the sale."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...facts import fact
from .. import expectations, queues, tables
from ..event_source_mappings import within
from ..messages import Message, shown
from ..model import Exercise, SubCheck
from ..outcomes import NotAttempted, NotYet
from ..probe import Probe
from .shop import attributes, mapping_of, reports_failures

_PRESS = "kestrel-press"
_JOBS = "kestrel-sale-jobs"
_DEAD = "kestrel-sale-jobs-dead"
_PRINTS = "kestrel-prints"
_TRIES = 3
_BATCH = 5
_PRINTERS = 2
_KEPT_SECONDS = 14 * 24 * 3600
_MAPPING_SECONDS = 10.0
_PRINTED_SECONDS = 30.0


def _queue(probe: Probe, name: str) -> str:
    url = queues.queue_url(probe, name)
    if url is None:
        raise NotYet(
            Message(
                did=f"We looked for the queue {name}.",
                came_back="there is no queue of that name",
                expected=f"a queue named {name}",
                look="make_queue, and the names of the queues",
            )
        )
    return url


def _mapping(probe: Probe) -> dict[str, Any]:
    return mapping_of(probe, _PRESS, queues.queue_arn(probe, _queue(probe, _JOBS)), _MAPPING_SECONDS)


def _dead_letters(probe: Probe) -> None:
    url, dead = _queue(probe, _JOBS), _queue(probe, _DEAD)
    policy = json.loads(attributes(probe, url).get("RedrivePolicy") or "{}")
    did = f"We read the RedrivePolicy of {_JOBS}."
    look = "RedrivePolicy: JSON text with deadLetterTargetArn and maxReceiveCount, set on the queue the jobs come into"
    if not policy:
        raise NotYet(Message(did=did, came_back="it has none", expected="what fails too often goes away", look=look))
    expectations.require(
        policy.get("deadLetterTargetArn") == queues.queue_arn(probe, dead),
        Message(
            did=did,
            came_back=f"deadLetterTargetArn is {policy.get('deadLetterTargetArn')}",
            expected=f"the ARN of {_DEAD}",
            look=look,
        ),
    )
    tries = int(policy.get("maxReceiveCount", 0))
    expectations.require(
        tries == _TRIES,
        Message(
            did=did,
            came_back=f"maxReceiveCount is {tries}",
            expected="a job that failed three times is out of the way",
            look="maxReceiveCount counts how often a message is received, the first time included",
        ),
    )
    kept = int(attributes(probe, dead)["MessageRetentionPeriod"])
    expectations.require(
        kept == _KEPT_SECONDS,
        Message(
            did=f"We read how long {_DEAD} keeps messages.",
            came_back=f"MessageRetentionPeriod is {kept} seconds, {kept / 86400:g} days",
            expected="14 days",
            look=f"MessageRetentionPeriod of {_DEAD}, in seconds",
        ),
    )


def _visibility(probe: Probe) -> None:
    seconds = int(attributes(probe, _queue(probe, _JOBS))["VisibilityTimeout"])
    timeout = probe.function(_PRESS).timeout
    wanted = int(fact("sqs_visibility_factor").value) * timeout
    expectations.require(
        seconds >= wanted,
        Message(
            did=f"We compared the visibility timeout of {_JOBS} with the timeout of {_PRESS}.",
            came_back=f"{seconds} seconds and {timeout} seconds",
            expected="what AWS recommends, or more: time for attempts that are throttled, too",
            look="VisibilityTimeout of the queue; step 1 says how many times the function's timeout",
        ),
    )


def _batches(probe: Probe) -> None:
    mapping = _mapping(probe)
    size = mapping.get("BatchSize")
    expectations.require(
        size == _BATCH,
        Message(
            did=f"We read the event source mapping of {_PRESS}.",
            came_back=f"BatchSize is {size}",
            expected="five jobs at most in an invocation",
            look="BatchSize of create_event_source_mapping",
        ),
    )
    reports_failures(mapping, _PRESS)


def _two_at_a_time(probe: Probe) -> None:
    reserved = probe.client("lambda").get_function_concurrency(FunctionName=_PRESS).get("ReservedConcurrentExecutions")
    expectations.require(
        reserved is None or reserved > _PRINTERS,
        Message(
            did=f"We read the concurrency of {_PRESS}.",
            came_back=f"reserved concurrency {reserved}: batches beyond it are refused, and each refusal counts as a receive",
            expected="a limit at the queue's end, where jobs wait and nothing is counted",
            look="put_function_concurrency: take it away (delete_function_concurrency); the mapping has a setting for it",
        ),
    )
    limit = _mapping(probe).get("ScalingConfig", {}).get("MaximumConcurrency")
    expectations.require(
        limit == _PRINTERS,
        Message(
            did=f"We read the event source mapping of {_PRESS}.",
            came_back=f"MaximumConcurrency is {limit}" if limit else "it has no ScalingConfig",
            expected="two invocations at a time at most",
            look="ScalingConfig of create_event_source_mapping",
        ),
    )


def _jobs_are_printed(probe: Probe) -> None:
    mapping, url = _mapping(probe), _queue(probe, _JOBS)
    tables.needed(probe, _PRINTS)
    jobs = [
        {"order": f"K-{probe.word(10)}", "prints": probe.whole_number(1, 60), "paper": "matte"}
        for _ in range(probe.whole_number(6, 10))
    ]
    keys = [{"order": job["order"]} for job in jobs]
    with tables.cleared(probe, _PRINTS, keys):
        entries = [{"Id": str(number), "MessageBody": json.dumps(job)} for number, job in enumerate(jobs)]
        probe.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)

        def printed() -> list[Any]:
            return [(tables.item_of(probe, _PRINTS, key) or {}).get("prints", 0) for key in keys]

        if within(_PRINTED_SECONDS, lambda: printed() == [job["prints"] for job in jobs]):
            return
        count = sum(got == job["prints"] for got, job in zip(printed(), jobs, strict=True))
        last = probe.client("lambda").get_event_source_mapping(UUID=mapping["UUID"]).get("LastProcessingResult", "")
        problem = f"the mapping says: {shown(last, 110)}" if "PROBLEM" in last else f'lab.logs("{_PRESS}")'
        raise NotYet(
            Message(
                did=f"We sent {len(jobs)} jobs to {_JOBS} and looked into the table {_PRINTS}.",
                came_back=f"{count} of them are printed after {_PRINTED_SECONDS:.0f} seconds",
                expected="each of them, with its number of prints",
                look=problem,
            )
        )


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_PRESS)
    if queues.queue_url(probe, _JOBS) is None and queues.queue_url(probe, _DEAD) is None:
        raise NotAttempted(
            Message(
                did=f"We looked for the queues {_JOBS} and {_DEAD}.",
                came_back="neither is there",
                expected="both",
                look="the cell of the exercise: it still has to be written",
            )
        )
    yield probe.run_step("What fails three times goes to the dead-letter queue", _dead_letters)
    yield probe.run_step("A job stays invisible for long enough", _visibility)
    yield probe.run_step("Five jobs at most, and failures one by one", _batches)
    yield probe.run_step("Two invocations at a time, and nobody is refused", _two_at_a_time)
    yield probe.run_step("Jobs are printed, each once", _jobs_are_printed)


EXERCISE = Exercise(
    id="queues-5",
    lesson="06",
    title="Ready for the crowd",
    kind="design",
    points=6,
    minutes=12,
    skills=("event source mapping", "redrive policy", "visibility timeout", "maximum concurrency"),
    hints=(
        "Five decisions: where dead letters go and when, how long a message is lent, how large a batch is, who says what "
        "failed, and how many batches run at a time. The first two belong to the queue, the others to the mapping.",
        "Step 4 has the dead-letter queue and the redrive policy, step 1 the rule for the visibility timeout, step 3 the "
        "answer that Lambda looks at. The limit is not one of the function: look at the part Look inside.",
        "In words: make_queue for the dead letters with MessageRetentionPeriod; make_queue for the jobs with "
        "VisibilityTimeout of six times five seconds and a RedrivePolicy with maxReceiveCount 3; let_functions_read; "
        'connect with BatchSize=5, FunctionResponseTypes, and ScalingConfig={"MaximumConcurrency": 2}.',
    ),
    explanation="Each failure has its place: a bad job goes round three times and is kept for two weeks, a throttled or "
    "slow one has time, and a crowd waits in the queue. The limit is set where the messages are fetched, so nobody is "
    "refused and no receive is counted for nothing. That is the intake of the capstone.",
    check=_check,
)
