"""Mistakes that many make, each with a message of its own: in how a function fails, and in what it returns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..insight.invocation import InvocationResult
from .json_values import json_equal, json_kind
from .messages import Message, shown
from .outcomes import CheckStop, NotYet, YourCodeRaised

_HANDLER_FORM = "the Handler setting: file name without .py, a dot, then the function's name"
_MODULE = re.compile(r"Unable to import module '([^']*)'")
_NO_MODULE = re.compile(r"No module named '([^']*)'")
_NOT_SERIALISABLE = re.compile(r"Object of type (\w+) is not JSON serializable")
#: A function is stopped for its memory when it reaches its size; the REPORT line of an older kind only shows how near
#: it came.
_NEARLY_ALL_MEMORY = 0.95


@dataclass(frozen=True)
class Diagnosis:
    """What a mistake is called by: ``came_back`` and ``look`` are message lines; ``raised`` makes it YOUR CODE
    RAISED."""

    came_back: str
    look: str
    expected: str = "an answer"
    raised: bool = False


def failure(result: InvocationResult) -> CheckStop:
    """The stop for a function that failed: the message of a known mistake, or its own exception with where it
    happened."""
    diagnosis = _diagnose(result)
    message = Message(
        did=f"We invoked {result.function_name} with {shown(result.event, 60)}.",
        came_back=diagnosis.came_back,
        expected=diagnosis.expected,
        look=diagnosis.look,
    )
    stop = YourCodeRaised if diagnosis.raised else NotYet
    return stop(message, result.traceback if result.frames else "")


def _diagnose(result: InvocationResult) -> Diagnosis:
    kind, text = result.error_type, result.error_message
    if result.timed_out:
        return _timed_out(result)
    if kind == "Runtime.HandlerNotFound":
        return Diagnosis(
            f"{kind}: {text}", f"{_HANDLER_FORM}; is there such a function in the file?", "a handler of that name"
        )
    if kind == "Runtime.MalformedHandlerName":
        return Diagnosis(f"{kind}: {text}", _HANDLER_FORM, "a Handler setting of the form file.function")
    if kind == "Runtime.ImportModuleError":
        return _import_failed(kind, text)
    if kind == "Runtime.UserCodeSyntaxError":
        return _syntax_error(result)
    if kind == "Runtime.MarshalError":
        return _not_json(kind, text)
    if kind in ("Runtime.ExitError", "Runtime.OutOfMemory"):
        return _ended(result)
    if kind == "Function.ResponseSizeTooLarge":
        return Diagnosis(f"{kind}: {text}", "how much the handler returns; Lambda answers with at most 6 MB")
    return _raised(result)


def _timed_out(result: InvocationResult) -> Diagnosis:
    seconds = re.search(r"timed out after ([\d.]+) seconds", result.error_message)
    after = f" after {seconds.group(1)} seconds" if seconds else ""
    return Diagnosis(
        f"Task timed out{after}: Lambda stopped the function before it answered",
        "a loop that does not end, a wait (sleep, network), or too small a Timeout setting",
        "an answer within the function's timeout",
    )


def _import_failed(kind: str, text: str) -> Diagnosis:
    module, missing = _MODULE.search(text), _NO_MODULE.search(text)
    if module and missing and missing.group(1) == module.group(1).replace("/", "."):
        return Diagnosis(
            f"{kind}: there is no {module.group(1)}.py in the zip",
            f"{_HANDLER_FORM}; and the name the file has inside the zip",
            "a file of the name in the Handler setting",
        )
    if missing:
        return Diagnosis(
            f"{kind}: no module named {missing.group(1)!r}",
            "your import lines: a function has Python's own modules, boto3 and what is in its zip or its layers, nothing else",
            "imports that work inside Lambda",
        )
    return Diagnosis(f"{kind}: {text}", "your import lines and the code at the top level of the file", raised=True)


def _syntax_error(result: InvocationResult) -> Diagnosis:
    place = f"{result.frames[-1].file}, line {result.frames[-1].line}" if result.frames else "the file's last change"
    return Diagnosis(
        f"{result.error_type}: {result.error_message}",
        f"{place}, and the line above it",
        "a file that Python can read",
        raised=True,
    )


def _not_json(kind: str, text: str) -> Diagnosis:
    found = _NOT_SERIALISABLE.search(text)
    name = found.group(1) if found else ""
    advice = {
        "datetime": "the date: turn it into text, for example with .isoformat()",
        "date": "the date: turn it into text, for example with .isoformat()",
        "bytes": "the bytes: turn them into text with .decode()",
        "set": "the set: turn it into a list, for example with sorted()",
    }.get(name, "what the handler returns: only dict, list, text, numbers, True/False and None")
    subject = f"an object of type {name}" if name else "something"
    return Diagnosis(f"{kind}: {subject} in the answer is not JSON", advice, "an answer that can be written as JSON")


def _ended(result: InvocationResult) -> Diagnosis:
    report = result.report
    ran_out = result.error_type == "Runtime.OutOfMemory" or (report and report.error_type == "Runtime.OutOfMemory")
    if not ran_out and report and report.memory_mb and report.max_memory_mb:
        killed = "signal: killed" in result.error_message
        ran_out = killed and report.max_memory_mb >= _NEARLY_ALL_MEMORY * report.memory_mb
    if ran_out:
        size = f" of {report.memory_mb} MB" if report and report.memory_mb else ""
        return Diagnosis(
            f"out of memory: the function needed more than its memory size{size} and was killed",
            "what the handler holds in memory at once, or the MemorySize setting",
            "an answer within the function's memory",
        )
    words = result.error_message.partition("Error: ")[2] or result.error_message
    return Diagnosis(
        f"Runtime.ExitError: {words}",
        "sys.exit(), exit(), quit() or os._exit(): a handler ends with return",
        "a handler that returns",
    )


def _raised(result: InvocationResult) -> Diagnosis:
    kind, text = result.error_type, result.error_message
    last = result.frames[-1] if result.frames else None
    place = f"{last.file}, line {last.line}" + (f": {last.code}" if last.code else "") if last else "the function's log"
    came_back = f"{kind}: {text}" if kind else text
    if kind == "EOFError" and "reading a line" in text:
        return Diagnosis(came_back, f"input() is not available in Lambda; {place}", "values taken from the event", True)
    if kind == "TypeError" and "positional argument" in text and not last:
        return Diagnosis(
            came_back, "the handler's signature: Lambda calls it with two arguments, event and context", raised=True
        )
    if kind == "TypeError" and "Object of type Decimal is not JSON serializable" in text:
        return Diagnosis(
            came_back,
            f"the Decimal: numbers of a table come as Decimal; int() makes one that json.dumps can write; {place}",
            raised=True,
        )
    if kind in ("TypeError", "AttributeError") and "LambdaContext" in text:
        return Diagnosis(
            came_back,
            f"context is an object, no dict: its values are attributes, as in context.function_name; {place}",
            raised=True,
        )
    if kind == "KeyError" and last and "environ" in last.code:
        return Diagnosis(came_back, f"is that environment variable set? {place}", raised=True)
    if kind == "KeyError":
        return Diagnosis(came_back, f"is that key in the event we sent? {place}", raised=True)
    return Diagnosis(came_back, place, raised=True)


def wrong_value(result: InvocationResult, wanted: Any, earlier: tuple[Any, ...] = ()) -> str:
    """Where to look when the answer differs from ``wanted`` in a way many get it wrong; empty when in no known way.

    ``earlier`` are the right answers of invocations before this one. Nothing of ``wanted`` is in the text.
    """
    got = result.payload
    if not result.is_json:
        return _not_json_answer(result)
    if got is None and wanted is not None:
        return _nothing_returned(result, wanted)
    if isinstance(got, str) and not isinstance(wanted, str) and _parses_to_structure(got):
        return "you return JSON text: return the dict or list itself, Lambda writes the JSON"
    if any(json_equal(got, before) for before in earlier):
        return "this is the answer to an earlier event: a global variable keeps state between invocations"
    if isinstance(got, dict) and "statusCode" in got and not (isinstance(wanted, dict) and "statusCode" in wanted):
        return "statusCode and body are for an API; this exercise wants the value itself"
    if json_kind(got) != json_kind(wanted):
        return f"the type: {json_kind(got)} came back, {json_kind(wanted)} was expected"
    if isinstance(got, str) and _same_but_for_case_and_space(got, wanted):
        return "spaces and upper or lower case: the letters are right"
    if isinstance(got, dict):
        return differing_key(got, wanted)
    if isinstance(got, list) and len(got) != len(wanted):
        return f"how many entries there are: {len(got)} is not right"
    if isinstance(got, list) and _same_in_another_order(got, wanted):
        return "the order of the entries: the entries are right"
    return ""


def _not_json_answer(result: InvocationResult) -> str:
    if b"NaN" in result.raw or b"Infinity" in result.raw:
        return "the numbers: NaN and Infinity cannot be written as JSON"
    # awslambdaric hands bytes on as they are instead of refusing them.
    return "bytes: the handler returns them and they are passed on as they are; turn them into text with .decode()"


def _nothing_returned(result: InvocationResult, wanted: Any) -> str:
    if _is_in_output(wanted, result.output):
        return "print instead of return: the value is in the log, but only return makes it the answer"
    return "return: a handler without one answers null"


def _is_in_output(wanted: Any, output: str) -> bool:
    if not output:
        return False
    forms = {str(wanted), json.dumps(wanted), json.dumps(wanted, ensure_ascii=False)}
    return any(form and form in output for form in forms)


def _parses_to_structure(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _same_but_for_case_and_space(got: str, wanted: str) -> bool:
    return "".join(got.split()).casefold() == "".join(wanted.split()).casefold()


def _same_in_another_order(got: list[Any], wanted: list[Any]) -> bool:
    left = list(wanted)
    for entry in got:
        match = next((index for index, other in enumerate(left) if json_equal(entry, other)), None)
        if match is None:
            return False
        del left[match]
    return not left


def differing_key(got: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Where to look when an object differs: the first key that is missing, surplus or has another value."""
    missing = sorted(set(wanted) - set(got))
    if missing:
        return f"the keys of the answer: {missing[0]!r} is missing"
    surplus = sorted(set(got) - set(wanted))
    if surplus:
        return f"the keys of the answer: {surplus[0]!r} was not asked for"
    key = next(key for key in wanted if not json_equal(got[key], wanted[key]))
    if json_kind(got[key]) != json_kind(wanted[key]):
        return f"the value of {key!r}: it is {json_kind(got[key])}, {json_kind(wanted[key])} was expected"
    return f"the value of {key!r}: the keys are right, this value is not"
