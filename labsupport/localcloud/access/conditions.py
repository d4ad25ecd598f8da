"""The Condition element: operators over the condition keys of one request.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys". A key AWS does
not know for a request is simply not in it; a statement that asks for it does not apply.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from .patterns import Context, arn_like, matches, substitute, wildcard

Test = Callable[[str, str], bool]


@dataclass(frozen=True)
class Condition:
    """One line of a Condition element: ``{operator: {key: values}}``. ``key`` is in lower case."""

    operator: str
    key: str
    values: tuple[str, ...]
    variables: bool

    def holds(self, context: Context) -> bool:
        """True when the request satisfies this condition; an operator that does not exist is never satisfied."""
        quantifier, _, rest = self.operator.rpartition(":")
        name = rest.lower()
        if_exists = name.endswith("ifexists")
        name = name.removesuffix("ifexists")
        given = context.get(self.key, ())
        if name == "null":
            return any((value.lower() == "true") == (not given) for value in self.values)
        negated = name in _NEGATED
        test = _TESTS.get(_NEGATED.get(name, name))
        if test is None:
            return False

        def accepted(value: str) -> bool:
            return any(self._test(test, name, pattern, value, context) for pattern in self.values) != negated

        if quantifier.lower() == "forallvalues":
            return all(accepted(value) for value in given)
        if quantifier.lower() == "foranyvalue":
            return any(accepted(value) for value in given) or (if_exists and not given)
        if not given:
            return negated or if_exists
        if negated:
            return all(accepted(value) for value in given)
        return any(accepted(value) for value in given)

    def _test(self, test: Test, name: str, pattern: str, value: str, context: Context) -> bool:
        if test is _string_like:
            return matches(pattern, value, context, self.variables)
        text = substitute(pattern, context, self.variables)
        if text is None:
            return False
        try:
            return test(text, value)
        except ValueError:
            return False


def _string_like(pattern: str, value: str) -> bool:
    return wildcard(pattern).fullmatch(value) is not None


def _ip_address(pattern: str, value: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(pattern, strict=False)


def _moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 date or an epoch number. Raises ValueError."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_TESTS: dict[str, Test] = {
    "stringequals": lambda wanted, given: wanted == given,
    "stringequalsignorecase": lambda wanted, given: wanted.casefold() == given.casefold(),
    "stringlike": _string_like,
    "numericequals": lambda wanted, given: float(given) == float(wanted),
    "numericlessthan": lambda wanted, given: float(given) < float(wanted),
    "numericlessthanequals": lambda wanted, given: float(given) <= float(wanted),
    "numericgreaterthan": lambda wanted, given: float(given) > float(wanted),
    "numericgreaterthanequals": lambda wanted, given: float(given) >= float(wanted),
    "dateequals": lambda wanted, given: _moment(given) == _moment(wanted),
    "datelessthan": lambda wanted, given: _moment(given) < _moment(wanted),
    "datelessthanequals": lambda wanted, given: _moment(given) <= _moment(wanted),
    "dategreaterthan": lambda wanted, given: _moment(given) > _moment(wanted),
    "dategreaterthanequals": lambda wanted, given: _moment(given) >= _moment(wanted),
    "bool": lambda wanted, given: wanted.lower() == given.lower(),
    "binaryequals": lambda wanted, given: wanted == given,
    "ipaddress": _ip_address,
    "arnequals": arn_like,
    "arnlike": arn_like,
}

_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
