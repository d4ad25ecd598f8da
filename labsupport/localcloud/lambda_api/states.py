"""States of functions and versions: Pending until Active, InProgress until Successful.

Source: Lambda Developer Guide, "Lambda function states". On AWS a new function is Pending and an updated one
InProgress for moments to minutes; here for a fixed moment, so that code which does not wait fails here, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from . import errors
from .operations import Call
from .store import Configuration, Function, Version, new_revision_id, now

#: Seconds, times the cloud's time scale. Long enough that the next call of a program without a waiter meets it.
_WORK_SECONDS = 0.2
_REASON, _REASON_CODE = "The function is being created.", "Creating"


def begin_creation(call: Call, function: Function, versions: list[Version]) -> None:
    """The versions are Pending now and Active soon."""
    for version in versions:
        version.state, version.state_reason, version.state_reason_code = "Pending", _REASON, _REASON_CODE
        version.last_update_status = None

    def end() -> None:
        for version in versions:
            version.state, version.state_reason, version.state_reason_code = "Active", None, None
            version.last_update_status = "Successful"
            version.revision_id = new_revision_id()
        function.forget_specifications()

    _later(call, end)


def refuse_change_while_busy(function: Function) -> None:
    """Raises LambdaError while the function is being created or updated."""
    latest = function.latest
    if latest.state == "Pending":
        raise errors.wrong_state("Pending")
    if latest.last_update_status == "InProgress":
        raise errors.update_in_progress(function.arn)


def begin_update(call: Call, function: Function, configuration: Configuration) -> None:
    """``$LATEST`` has the new configuration now; invocations run the old one until the update ends."""
    latest = function.latest
    latest.running = latest.configuration
    latest.configuration = configuration
    latest.last_modified = now()
    latest.revision_id = new_revision_id()
    latest.last_update_status = "InProgress"
    latest.last_update_status_reason, latest.last_update_status_reason_code = _REASON, _REASON_CODE

    def end() -> None:
        latest.running = None
        latest.revision_id = new_revision_id()
        latest.last_update_status = "Successful"
        latest.last_update_status_reason = latest.last_update_status_reason_code = None
        function.forget_specifications()

    _later(call, end)


def _later(call: Call, end: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(_WORK_SECONDS * call.api.time_scale, end)
