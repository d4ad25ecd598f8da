"""What a function's answer says about the batch it was given: partial batch responses of queues and streams.

Source: Lambda Developer Guide, "Handling errors for an SQS event source in Lambda" (success and failure conditions) and
"Configuring partial batch response with DynamoDB and Lambda".
"""

from __future__ import annotations

import json
from collections.abc import Collection

from ..functions.specification import InvocationOutcome


def failed_items(
    outcome: InvocationOutcome, identifiers: Collection[str], report_batch_item_failures: bool
) -> frozenset[str] | None:
    """Which of ``identifiers`` (message ids, sequence numbers) failed; None when the whole batch did.

    Without ``report_batch_item_failures`` only an error of the function counts. With it, an answer that cannot be
    understood makes the whole batch fail: text that is not JSON or not an object, an identifier that is empty, null,
    missing or not in the batch. null, ``{}``, ``[]``, ``""`` and an empty or null list of failures are a success.
    """
    if outcome.function_error is not None:
        return None
    if not report_batch_item_failures:
        return frozenset()
    try:
        answer = json.loads(outcome.payload or b"null")
    except ValueError:
        return None
    if answer is None or answer in ({}, [], ""):
        return frozenset()
    if not isinstance(answer, dict):
        return None
    failures = answer.get("batchItemFailures")
    if failures is None or failures == []:
        return frozenset()
    if not isinstance(failures, list):
        return None
    failed = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    if not all(isinstance(one, str) and one in identifiers for one in failed):
        return None
    return frozenset(str(one) for one in failed)
