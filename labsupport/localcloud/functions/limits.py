"""Limits of AWS Lambda that the engine enforces, in bytes, seconds and counts.

Source: AWS Lambda Developer Guide, "Lambda quotas" and "Understanding the Lambda execution environment lifecycle"
(looked up 2026-11-25).
"""

SYNCHRONOUS_PAYLOAD_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_PAYLOAD_BYTES = 1024 * 1024
RESPONSE_PAYLOAD_BYTES = 6 * 1024 * 1024
#: AWS's error text names this figure, not the round one.
RESPONSE_PAYLOAD_BYTES_IN_MESSAGE = 6_291_556
INIT_PHASE_SECONDS = 10.0
LOG_TAIL_BYTES = 4096
#: CloudWatch Logs quotas: the largest event, less the 26 bytes that each event counts for itself.
LOG_EVENT_BYTES = 256 * 1024 - 26
ASYNCHRONOUS_RETRY_WAITS_SECONDS = (60.0, 120.0)
ASYNCHRONOUS_MAXIMUM_AGE_SECONDS = 6 * 3600.0
#: Idle environments are kept "for some time"; AWS does not say how long. Five to seven minutes is what people see.
IDLE_SECONDS = 300.0
OPEN_FILES = 1024
