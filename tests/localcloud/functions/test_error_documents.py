"""Error documents of the platform, to the letter."""

from __future__ import annotations

import json
import signal

import pytest

from labsupport.localcloud.functions import error_documents


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (127, "Runtime exited with error: exit status 127"),
        (-signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
        (-signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (-signal.SIGABRT, "Runtime exited with error: signal: aborted"),
        (-63, "Runtime exited with error: signal: 63"),
    ],
)
def test_how_an_end_of_the_runtime_is_named(status, words):
    document = json.loads(error_documents.exited("id", status))
    assert document == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: id Error: {words}"}


def test_a_timeout_has_two_decimals():
    assert json.loads(error_documents.timed_out("id", 1.0)) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id Error: Task timed out after 1.00 seconds",
    }


def test_an_answer_over_six_megabytes():
    assert json.loads(error_documents.response_too_large()) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
