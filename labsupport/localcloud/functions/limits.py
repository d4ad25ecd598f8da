"""Limits of AWS Lambda as the engine enforces them, in bytes, seconds and counts.

What a lesson may name, too, stands in ``labsupport.facts`` with its source and is taken from there. The rest is from the
Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation", and the CloudWatch Logs
User Guide, "CloudWatch Logs quotas" (looked up 2026-11-25).
"""

from __future__ import annotations

from ...facts import FACTS

_MB, _KB = 1024 * 1024, 1024

SYNCHRONOUS_PAYLOAD_BYTES = int(FACTS["synchronous_payload_maximum"].value) * _MB
ASYNCHRONOUS_PAYLOAD_BYTES = int(FACTS["asynchronous_payload_maximum"].value) * _MB
RESPONSE_PAYLOAD_BYTES = SYNCHRONOUS_PAYLOAD_BYTES
#: AWS's error text names this figure, not the round one.
RESPONSE_PAYLOAD_BYTES_IN_MESSAGE = 6_291_556
UNZIPPED_BYTES = int(FACTS["unzipped_package_maximum"].value) * _MB
#: MB of /tmp unless the function sets EphemeralStorage.
DEFAULT_EPHEMERAL_STORAGE = int(FACTS["tmp_storage_default"].value)
INIT_PHASE_SECONDS = float(FACTS["init_phase_maximum"].value)
LOG_TAIL_BYTES = int(FACTS["log_tail_maximum"].value) * _KB
#: The largest log event, less the 26 bytes that each event counts for itself.
LOG_EVENT_BYTES = 256 * _KB - 26
ASYNCHRONOUS_RETRY_WAITS_SECONDS = tuple(
    60.0 * float(FACTS[f"asynchronous_{which}_retry_wait"].value) for which in ("first", "second")
)
ASYNCHRONOUS_MAXIMUM_AGE_SECONDS = 6 * 3600.0
#: A throttled event goes back to the queue; the interval doubles from the first to the second figure.
ASYNCHRONOUS_THROTTLE_WAITS_SECONDS = (1.0, 300.0)
#: The deprecated InvokeAsync keeps the old limit ("The payload limit is 256KB", API reference, InvokeAsync).
INVOKE_ASYNC_PAYLOAD_BYTES = 256 * _KB
#: A dead-letter message's ErrorMessage attribute is "the first 1 KB of the error message".
DEAD_LETTER_ERROR_MESSAGE_BYTES = _KB
#: Amazon SNS, "Publish": a message holds at most 256 KB.
SNS_MESSAGE_BYTES = 256 * _KB
#: How often one function may run in one chain of requests ("approximately 16 times", Lambda Developer Guide,
#: "Use Lambda recursive loop detection to prevent infinite loops").
RECURSIVE_LOOP_RUNS = 16
#: Idle environments are kept "for some time"; AWS does not say how long. Five to seven minutes is what people see.
IDLE_SECONDS = 300.0
#: Open files of one environment, as resource.getrlimit prints it inside a function.
OPEN_FILES = 1024
#: Processes and threads of one environment, likewise.
PROCESSES = 742
STACK_BYTES = 8 * _MB
LOCKED_BYTES = 64 * _KB
#: Event source mappings: patterns of FilterCriteria ("Control which events Lambda sends to your function": five, up to ten
#: on request), and the shortest MaximumRecordAgeInSeconds but -1 ("CreateEventSourceMapping").
EVENT_FILTERS_MAXIMUM = 5
MAXIMUM_RECORD_AGE_AT_LEAST_SECONDS = 60
