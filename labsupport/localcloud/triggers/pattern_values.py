"""What one value of an event may be, as an event pattern says it: exact values and comparison operators.

Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns".
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn

#: Whether a value fits. Values are JSON scalars.
Test = Callable[[Any], bool]

INVALID = "Invalid filter pattern definition."

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ONE_KEY = "Only one key allowed in match expression"


class InvalidPattern(ValueError):
    """A pattern that AWS refuses. Its text is the Lambda API's; ``reason`` is what EventBridge tells about it."""

    def __init__(self, reason: str) -> None:
        super().__init__(INVALID)
        self.reason = reason


def value_tests(wanted: list[Any]) -> tuple[Test, ...]:
    """One test for each entry of a pattern's leaf; a value that fits one of them fits. Raises InvalidPattern."""
    if not wanted:
        raise InvalidPattern("Empty arrays are not allowed")
    return tuple(_test(one) for one in wanted)


def is_absence(test: Test) -> bool:
    """Whether a test asks for a path that the event does not have."""
    return test is _is_absent


def _is_absent(value: Any) -> bool:
    return False  # whoever asks a value has one


def _is_present(value: Any) -> bool:
    return True


def _refuse(reason: str) -> NoReturn:
    raise InvalidPattern(reason)


def _test(wanted: Any) -> Test:
    if isinstance(wanted, dict):
        return _expression(wanted)
    if isinstance(wanted, list):
        _refuse("Match value must be String, number, true, false, or null")
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    if isinstance(wanted, str) and (network := _network(wanted)) is not None:
        return lambda value: value == wanted or _is_in(value, network)
    return lambda value: type(value) is type(wanted) and value == wanted


def _expression(wanted: dict[str, Any]) -> Test:
    if not wanted:
        _refuse("Match expression name not found")
    (name, argument), *others = wanted.items()
    make = _OPERATORS.get(name)
    if make is None:
        _refuse(f"Unrecognized match type {name}")
    test = make(argument)
    if others:
        _refuse(_ONE_KEY)
    return test


# --- operators ---------------------------------------------------------------------------------------------------------


def _exactly(wanted: Any) -> Test:
    text = _text(wanted, "exact match pattern must be a string")
    return lambda value: isinstance(value, str) and value == text


def _prefix(wanted: Any) -> Test:
    return _begin_or_end(wanted, "prefix", str.startswith)


def _suffix(wanted: Any) -> Test:
    return _begin_or_end(wanted, "suffix", str.endswith)


def _begin_or_end(wanted: Any, name: str, compare: Callable[[str, str], bool]) -> Test:
    if isinstance(wanted, dict):
        text = _ignoring_case(wanted, name)
        return lambda value: isinstance(value, str) and compare(value.lower(), text)
    text = _text(wanted, f"{name} match pattern must be a string")
    return lambda value: isinstance(value, str) and compare(value, text)


def _ignoring_case(wanted: dict[str, Any], name: str) -> str:
    """The text of ``{"prefix": {"equals-ignore-case": text}}``, in small letters."""
    if not wanted:
        _refuse(f"{name.capitalize()} expression name not found")
    (inner, argument), *others = wanted.items()
    if inner != "equals-ignore-case":
        _refuse(f"Unsupported {name} pattern: {inner}")
    text = _text(argument, "equals-ignore-case match pattern must be a string")
    if others:
        _refuse(_ONE_KEY)
    return text.lower()


def _equals_ignore_case(wanted: Any) -> Test:
    text = _text(wanted, "equals-ignore-case match pattern must be a string").lower()
    return lambda value: isinstance(value, str) and value.lower() == text


def _wildcard(wanted: Any) -> Test:
    first, *others = _wildcard_parts(_text(wanted, "wildcard match pattern must be a string"))
    if not others:
        return lambda value: isinstance(value, str) and value == first
    *middle, last = others

    def fits(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first):
            return False
        position = len(first)
        for part in middle:  # the first place that fits leaves most for the others
            found = value.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
        return len(value) - position >= len(last) and value.endswith(last)

    return fits


def _wildcard_parts(text: str) -> list[str]:
    """The texts between asterisks. A backslash makes an asterisk or a backslash mean itself."""
    parts = [""]
    after_asterisk = False
    position = 0
    while position < len(text):
        character = text[position]
        if character == "*":
            if after_asterisk:
                _refuse(f"Consecutive wildcard characters at pos {position}")
            parts.append("")
        else:
            if character == "\\":
                position += 1
                character = text[position : position + 1]
                if character not in ("*", "\\"):
                    _refuse(f"Invalid escape character at pos {position}")
            parts[-1] += character
        after_asterisk = text[position] == "*" and len(parts[-1]) == 0
        position += 1
    return parts


def _numeric(wanted: Any) -> Test:
    """``["=", 1]``, one bound, or a range: first the lower bound, then the upper one."""
    if not isinstance(wanted, list):
        _refuse("Value of numeric must be an array.")
    if not wanted or not isinstance(wanted[0], str):
        _refuse(f"Invalid member in numeric match: {wanted[0] if wanted else ']'}")
    if wanted[0] not in _COMPARISONS:
        _refuse(f"Unrecognized numeric range operator: {wanted[0]}")
    bounds = [_bound(wanted, 0)]
    if len(wanted) > 2:
        if wanted[0] not in (">", ">="):
            _refuse("Too many elements in numeric expression")
        if not isinstance(wanted[2], str):
            _refuse(f"Bad value in numeric range: {wanted[2]}")
        if wanted[2] not in ("<", "<="):
            _refuse(f"Bad numeric range operator: {wanted[2]}")
        bounds.append(_bound(wanted, 2))
        if len(wanted) > 4:
            _refuse("Too many terms in numeric range expression")
        if bounds[0][1] >= bounds[1][1]:
            _refuse("Bottom must be less than top")
    return lambda value: _is_number(value) and all(compare(value, limit) for compare, limit in bounds)


def _bound(wanted: list[Any], position: int) -> tuple[Callable[[float, float], bool], float]:
    name = wanted[position]
    limit = wanted[position + 1] if len(wanted) > position + 1 else None
    if limit is None or not _is_number(limit):
        _refuse(f"Value of {'equals' if name == '=' else name} must be numeric")
    return _COMPARISONS[name], limit


def _exists(wanted: Any) -> Test:
    if not isinstance(wanted, bool):
        _refuse("exists match pattern must be either true or false.")
    return _is_present if wanted else _is_absent


def _cidr(wanted: Any) -> Test:
    text = _text(wanted, "prefix match pattern must be a string")
    address, slash, mask = text.partition("/")
    if not slash or "/" in mask:
        _refuse("Malformed CIDR, one '/' required")
    if not mask.isdecimal():
        _refuse("Malformed CIDR, mask bits must be an integer")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        _refuse(f"Nonstandard IP address: {address}")
    most = {4: 32, 6: 128}[version]
    if int(mask) > most:
        _refuse(f"IPv{version} mask bits must be < {most}")
    network = ipaddress.ip_network(text, strict=False)
    return lambda value: _is_in(value, network)


def _anything_but(wanted: Any) -> Test:
    """Any value but these; of lists all texts or all numbers. The field must be there."""
    if isinstance(wanted, dict):
        return _anything_but_like(wanted)
    several = wanted if isinstance(wanted, list) else [wanted]
    texts = [one for one in several if isinstance(one, str)]
    numbers = [one for one in several if _is_number(one)]
    if len(texts) + len(numbers) < len(several):
        if isinstance(wanted, list):
            _refuse("Inside anything but list, start|null|boolean is not supported.")
        _refuse("Value of anything-but must be an array or single string/number value.")
    if bool(texts) == bool(numbers):
        _refuse(
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        )
    excluded = _any_of(_test(one) for one in several)
    return lambda value: not excluded(value)


def _anything_but_like(wanted: dict[str, Any]) -> Test:
    """Any value but those with such a beginning, end, spelling or form."""
    if not wanted:
        _refuse("Anything-But expression name not found")
    (name, argument), *others = wanted.items()
    if name not in ("equals-ignore-case", "prefix", "suffix", "wildcard"):
        _refuse(f"Unsupported anything-but pattern: {name}")
    several = argument if isinstance(argument, list) else [argument]
    if not isinstance(argument, (list, str, int, float)) or isinstance(argument, bool):
        _refuse("Value of anything-but must be an array or single string/number value.")
    for one in several:
        if not isinstance(one, str):
            _refuse(_TEXTS_ONLY.get(name, "prefix/suffix match pattern must be a string"))
        if not one and name in ("prefix", "suffix"):
            _refuse("Null prefix/suffix not allowed")
    if others:
        _refuse(_ONE_KEY)
    excluded = _any_of(_OPERATORS[name](one) for one in several)
    return lambda value: not excluded(value)


def _any_of(tests: Iterable[Test]) -> Test:
    several = tuple(tests)
    return lambda value: any(test(value) for test in several)


# --- values ------------------------------------------------------------------------------------------------------------


def _text(wanted: Any, reason: str) -> str:
    if not isinstance(wanted, str):
        _refuse(reason)
    return wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network | None:
    """The network of one address: EventBridge knows an address in every spelling."""
    if not text or text[0] not in "0123456789abcdefABCDEF:" or not ("." in text or ":" in text):
        return None
    try:
        return ipaddress.ip_network(text) if "/" not in text else None
    except ValueError:
        return None


def _is_in(value: Any, network: _Network) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in network
    except ValueError:
        return False


_TEXTS_ONLY: Final = {
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "wildcard": "wildcard match pattern must be a string",
}
_OPERATORS: Final[dict[str, Callable[[Any], Test]]] = {
    "exactly": _exactly,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
