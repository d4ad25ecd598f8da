"""Judgements a step makes about an answer. Each returns when it is as asked and raises NotYet with a message when not.

``expected`` is said in words and never gives the answer; ``look`` is where to look when no known mistake fits better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..insight.invocation import InvocationResult
from . import mistakes
from .json_values import json_equal
from .messages import Message, shortened, shown
from .outcomes import NotYet
from .probe import Probe


@dataclass(frozen=True)
class Mistake:
    """A mistake of one exercise. ``when`` says whether the result shows it; ``look`` is the line that names it."""

    when: Callable[[InvocationResult], bool]
    look: str


def answered(value: Any) -> Callable[[InvocationResult], bool]:
    """For ``Mistake.when``: the answer is exactly this."""
    return lambda result: json_equal(result.payload, value)


def value(result: InvocationResult, key: str) -> Any:
    """A value of the answer; None when the answer is no object or lacks it."""
    return result.payload.get(key) if isinstance(result.payload, dict) else None


def equal(
    result: InvocationResult,
    wanted: Any,
    *,
    expected: str,
    look: str = "",
    mistakes_here: Sequence[Mistake] = (),
    earlier: Sequence[Any] = (),
    tolerance: float = 0.0,
) -> None:
    """The answer is this JSON value, compared by type (True is not 1). ``earlier``: right answers of invocations
    before this one, to recognise kept state. ``tolerance``: absolute difference allowed between numbers."""
    if result.is_json and json_equal(result.payload, wanted, tolerance):
        return
    own = next((mistake.look for mistake in mistakes_here if mistake.when(result)), "")
    raise wrong(result, expected=expected, look=own or mistakes.wrong_value(result, wanted, tuple(earlier)) or look)


def fulfils(result: InvocationResult, condition: bool, *, expected: str, look: str = "") -> None:
    """The answer fulfils a condition worked out by the step."""
    if not condition:
        raise wrong(result, expected=expected, look=look)


def fails_with(result: InvocationResult, error_type: str, *, expected: str, look: str = "", text: str = "") -> None:
    """The function failed with this exception (invoke it with ``may_fail=True``), and ``text`` is in its message."""
    if not result.failed:
        raise wrong(result, expected=expected, look=look)
    if result.error_type != error_type:
        if result.error_type.startswith(("Runtime.", "Sandbox.", "Function.")):
            raise mistakes.failure(result)
        raise wrong(result, expected=expected, look=look or f"the exception's type: {result.error_type} came")
    if text and text not in result.error_message:
        raise wrong(result, expected=expected, look=look or "the exception's message")


def logged(
    result: InvocationResult, text: str, *, expected: str, look: str = "print() or logging in the handler"
) -> None:
    """The function's own log lines contain this text."""
    if text not in result.output:
        raise NotYet(
            Message(
                did=f"We invoked {result.function_name} with {shown(result.event, 60)} and read its log.",
                came_back=shown(result.output) if result.output else "no log line of the function's own",
                expected=expected,
                look=look,
            )
        )


def same_answer_twice(probe: Probe, function_name: str, event: Any, *, look: str = "") -> None:
    """The same event gets the same answer in the same (warm) execution environment."""
    first = probe.invoke(function_name, event)
    second = probe.invoke(function_name, event)
    if not json_equal(first.payload, second.payload):
        raise NotYet(
            Message(
                did=f"We invoked {function_name} twice with the same event, {shown(event, 60)}.",
                came_back=f"{shown(first.payload, 50)} and then {shown(second.payload, 50)}",
                expected="the same answer both times",
                look=look or "a global variable that keeps state between invocations of a warm environment",
            )
        )


def require(condition: bool, message: Message) -> None:
    """Anything else that must hold."""
    if not condition:
        raise NotYet(message)


def wrong(result: InvocationResult, *, expected: str, look: str = "") -> NotYet:
    """The stop for an answer that is not as asked."""
    if result.failed:
        came_back = f"{result.error_type}: {result.error_message}"
    elif not result.is_json:
        came_back = f"not JSON: {shortened(repr(result.raw[:200]))}"
    else:
        came_back = shown(result.payload)
    return NotYet(
        Message(
            did=f"We invoked {result.function_name} with {shown(result.event, 60)}.",
            came_back=came_back,
            expected=expected,
            look=look,
        ),
        result.traceback if result.failed and result.frames else "",
    )
