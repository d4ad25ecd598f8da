"""events-2: a till whose prices are environment variables."""

from __future__ import annotations

from collections.abc import Iterator

from ...insight.invocation import InvocationResult
from .. import expectations, mistakes
from ..expectations import Mistake, value
from ..json_values import json_equal
from ..messages import Message, shown
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotYet
from ..probe import Probe

_TILL = "kestrel-till"
#: The settings the lesson's text asks for.
_TILL_SETTINGS = {"PRINT_CENTS": "20", "POSTAGE_CENTS": "390", "FREE_FROM_CENTS": "2500"}


def _bill(settings: dict[str, str], copies: int) -> dict[str, int]:
    prints = copies * int(settings["PRINT_CENTS"]) * (100 - int(settings.get("SALE_PERCENT", "0"))) // 100
    postage = 0 if prints >= int(settings["FREE_FROM_CENTS"]) else int(settings["POSTAGE_CENTS"])
    return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}


def _other_settings(probe: Probe) -> dict[str, str]:
    return {
        "PRINT_CENTS": str(probe.whole_number(21, 60)),
        "POSTAGE_CENTS": str(probe.whole_number(400, 800)),
        "FREE_FROM_CENTS": str(probe.whole_number(3000, 6000)),
    }


def _check_bill(probe: Probe, settings: dict[str, str], copies: int, *own: Mistake) -> None:
    """The function, which has these settings now, prices so many copies."""
    result = probe.invoke(_TILL, {"copies": copies}, may_fail=True)
    if result.error_type == "TypeError" and "str" in result.error_message:
        raise NotYet(
            Message(
                did=f"We invoked {_TILL} with {shown(result.event, 60)}.",
                came_back=f"TypeError: {result.error_message}",
                expected="a bill",
                look="the settings: an environment variable is always text; int() makes a number of it",
            ),
            result.traceback,
        )
    if result.failed:
        raise mistakes.failure(result)
    wanted = _bill(settings, copies)
    total = value(result, "total_cents")
    expectations.equal(
        result,
        wanted,
        expected="prints_cents, postage_cents and total_cents, in whole cents, from the settings of the function",
        mistakes_here=(
            *own,
            Mistake(
                lambda got: isinstance(total, str),
                "the settings: an environment variable is always text; int() makes a number of it",
            ),
        ),
    )


def _has_the_shop_s_settings(probe: Probe) -> None:
    environment = probe.function(_TILL).environment
    wrong = [name for name, value in _TILL_SETTINGS.items() if environment.get(name) != value]
    expectations.require(
        not wrong,
        Message(
            did=f"We read the environment variables of {_TILL}.",
            came_back=f"{wrong[0]} is {environment[wrong[0]]!r}" if wrong and wrong[0] in environment
            else f"there is no {wrong[0]}; there is: {', '.join(environment) or 'none'}" if wrong else "",
            expected="the three settings of the task, under these names",
            look="Environment={'Variables': {...}} in the call that deploys the function",
        ),
    )  # fmt: skip


def _calculates(probe: Probe) -> None:
    settings = probe.function(_TILL).environment
    for name in _TILL_SETTINGS:
        if not settings.get(name, "").isdecimal():
            _has_the_shop_s_settings(probe)
    price = max(int(settings["PRINT_CENTS"]), 1)
    limit = int(settings["FREE_FROM_CENTS"])
    _check_bill(probe, settings, max(limit // price - probe.whole_number(1, 15), 1))
    _check_bill(
        probe,
        settings,
        -(-limit // price),
        Mistake(
            lambda got: value(got, "postage_cents") == int(settings["POSTAGE_CENTS"]),
            "the comparison: postage is free from FREE_FROM_CENTS on, so is it > or >=?",
        ),
    )


_IN_THE_CODE = "the numbers: we changed the settings, and the bill stayed as before; are they written into the code?"


def _follows_its_settings(probe: Probe) -> None:
    other = _other_settings(probe)
    copies = probe.whole_number(5, 40)
    own = _bill(_TILL_SETTINGS, copies)
    with probe.settings(_TILL, Environment={"Variables": other}):
        _check_bill(probe, other, copies, Mistake(lambda got: json_equal(got.payload, own), _IN_THE_CODE))


def _sale(probe: Probe) -> None:
    other = _other_settings(probe)
    copies = probe.whole_number(7, 20) * 2 + 1
    sale = other | {"PRINT_CENTS": "33", "SALE_PERCENT": str(probe.rng.choice([5, 15, 35, 45]))}

    def not_whole(got: InvocationResult) -> bool:
        return isinstance(value(got, "prints_cents"), float)

    with probe.settings(_TILL, Environment={"Variables": sale}):
        _check_bill(
            probe,
            sale,
            copies,
            Mistake(
                lambda got: json_equal(got.payload, _bill({**sale, "SALE_PERCENT": "0"}, copies)),
                "SALE_PERCENT: we set it, and the price is not reduced",
            ),
            Mistake(not_whole, "whole cents: // divides and rounds down, / does not"),
            Mistake(
                lambda got: value(got, "prints_cents") == _bill(sale, copies)["prints_cents"] + 1,
                "the rounding: a fraction of a cent is in the customer's favour",
            ),
        )
    with probe.settings(_TILL, Environment={"Variables": other}):
        _check_bill(probe, other, copies)


_STEPS = sub_checks(
    ("It has the shop's settings", _has_the_shop_s_settings),
    ("It makes out the bill", _calculates),
    ("Other settings, another bill", _follows_its_settings),
    ("A sale is one more setting, which may be missing", _sale),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    # An untouched starter ends here: settings without code are worth nothing.
    probe.invoke(_TILL, {"copies": 1}, may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="events-2",
    lesson="02",
    title="Prices that need no deployment",
    kind="write",
    points=4,
    minutes=6,
    skills=("environment variables", "configuration"),
    hints=(
        "A setting is what changes while the code stays. It arrives in os.environ, always as text, and it may be "
        "missing.",
        "os.environ['NAME'] raises KeyError when the variable is missing: right for a setting the function cannot do "
        "without. os.environ.get('NAME', '0') has a default: right for one that may be missing. Both give text.",
        "In words: read the four variables with int(). prints = copies times price; take the reduction with "
        "prints * (100 - percent) // 100. postage = 0 if that is at least the free limit, else the postage. Deploy "
        "with Environment={'Variables': {...}} and three texts in it.",
    ),
    explanation="The check changed the settings of your function, invoked it, and put yours back. Your code was the "
    "same each time. That is what marketing needs on the day of the sale: a price that changes within seconds, with "
    "no new code to test. The variables are read when the module is imported or later, as you like: a change of the "
    "configuration starts new environments.",
    check=_check,
)
