"""events-5: an alias that sends one in five to the new version."""

from __future__ import annotations

from typing import Any

from .. import expectations
from ..expectations import Mistake
from ..messages import Message
from ..model import Exercise, sub_checks
from ..outcomes import NotYet
from ..probe import Probe

_OFFER = "kestrel-offer"
_ALIAS = "shop"
_REGULAR_CENTS, _SALE_CENTS = 20, 15
_SALE_SHARE = 0.2
#: With this many invocations, one in five never being chosen is less likely than one in a million.
_INVOCATIONS = 70


def _alias(probe: Probe) -> dict[str, Any]:
    client = probe.client("lambda")
    probe.function(_OFFER)
    try:
        return dict(client.get_alias(FunctionName=_OFFER, Name=_ALIAS))
    except client.exceptions.ResourceNotFoundException:
        names = [alias["Name"] for alias in client.list_aliases(FunctionName=_OFFER)["Aliases"]]
        raise NotYet(
            Message(
                did=f"We looked for the alias {_ALIAS} of {_OFFER}.",
                came_back=f"it is not there; there is: {', '.join(names)}" if names else "the function has no alias",
                expected=f"an alias named {_ALIAS}",
                look="create_alias; to change it later, update_alias",
            )
        ) from None


def _weights(alias: dict[str, Any]) -> dict[str, float]:
    return dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def _published_version(probe: Probe) -> str:
    version = str(_alias(probe)["FunctionVersion"])
    expectations.require(
        version != "$LATEST",
        Message(
            did=f"We read the alias {_ALIAS} of {_OFFER}.",
            came_back="it points to $LATEST",
            expected="a published version, which never changes",
            look="publish_version: the next deployment changes $LATEST, and every customer would get it at once",
        ),
    )
    return version


def _second_version(probe: Probe) -> str:
    weights = _weights(_alias(probe))
    if not weights:
        raise NotYet(
            Message(
                did=f"We read the alias {_ALIAS} of {_OFFER}.",
                came_back="it sends everybody to one version",
                expected="a second version, which gets a share of the invocations",
                look="RoutingConfig={'AdditionalVersionWeights': {...}} of create_alias and update_alias",
            )
        )
    return next(iter(weights))


def _check_price(probe: Probe, version: str, cents: int, other: int, look: str) -> None:
    copies = probe.whole_number(3, 90)
    result = probe.invoke(_OFFER, {"copies": copies}, qualifier=version)
    expectations.equal(
        result,
        {"total_cents": copies * cents},
        expected=f"{cents} cents a print from version {version}",
        mistakes_here=(Mistake(expectations.answered({"total_cents": copies * other}), look),),
    )


def _most_pay_the_regular_price(probe: Probe) -> None:
    _check_price(
        probe,
        _published_version(probe),
        _REGULAR_CENTS,
        _SALE_CENTS,
        "which version is which: the one the alias points to already has the sale price",
    )


def _some_pay_the_sale_price(probe: Probe) -> None:
    _check_price(
        probe,
        _second_version(probe),
        _SALE_CENTS,
        _REGULAR_CENTS,
        "what was deployed when you published the second version: it has the regular price, like the first",
    )


def _one_in_five(probe: Probe) -> None:
    alias = _alias(probe)
    second, weight = _second_version(probe), next(iter(_weights(alias).values()))
    look = "the weight: it is the share of the second version, from 0 to 1"
    if abs(weight - (1 - _SALE_SHARE)) < 1e-6:
        look = "the weight: it is the share of the second version, and yours is that of the first"
    expectations.require(
        abs(weight - _SALE_SHARE) < 1e-6,
        Message(
            did=f"We read the alias {_ALIAS} of {_OFFER}.",
            came_back=f"version {second} gets {weight:.0%} of the invocations",
            expected="one invocation in five for the second version",
            look=look,
        ),
    )
    seen = {probe.invoke(_OFFER, {"copies": 1}, qualifier=_ALIAS).executed_version for _ in range(_INVOCATIONS)}
    expectations.require(
        seen == {str(alias["FunctionVersion"]), second},
        Message(
            did=f"We invoked the alias {_ALIAS} {_INVOCATIONS} times.",
            came_back=f"the versions that answered: {', '.join(sorted(seen))}",
            expected="both versions of the alias",
            look="the alias: was it changed meanwhile?",
        ),
    )


EXERCISE = Exercise(
    id="events-5",
    lesson="02",
    title="A sale for one in five",
    kind="design",
    points=5,
    minutes=6,
    skills=("versions", "alias", "weighted routing"),
    hints=(
        "Two versions have to exist before an alias can choose between them. A version is a photograph of what is "
        "deployed when you publish it, so the order of your calls matters.",
        "Deploy, publish, deploy, publish: step 5 of the worked example does that with kestrel-motto. The first version "
        "is the alias's FunctionVersion, the second one stands in its RoutingConfig with a weight.",
        "In words: deploy offer_regular.py as kestrel-offer and publish it; deploy offer_sale.py to the same function "
        "and publish again; create the alias shop with the first version as FunctionVersion and "
        "AdditionalVersionWeights with the second version and 0.2; when the alias exists, update it in the same way.",
    ),
    explanation="Nobody who calls the alias notices that a second version is there. If the sale price turns out to be "
    "a mistake, one call to update_alias with empty weights takes it back within seconds: the first version is still "
    "what it was. Had the alias pointed to $LATEST, there would be nothing to go back to.",
    check=sub_checks(
        ("Most customers pay the regular price", _most_pay_the_regular_price),
        ("The second version has the sale price", _some_pay_the_sale_price),
        ("One in five gets it", _one_in_five),
    ),
)
