"""apis-5: a Lambda authorizer in front of two routes."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from .. import expectations, tables
from .. import http_answers as http
from ..http_answers import Answer, Mistake, Request
from ..messages import Message, shown
from ..model import Exercise, SubCheck, sub_checks
from ..probe import Probe
from .shop import API

_AUTHORIZER = "kestrel-partner-authorizer"
_TABLE = "kestrel-partners"
_PATHS = ("/partners/orders", "/partners/prices")
_CHECKS_POLICY = "lambda-lab-check"


def _call(probe: Probe, path: str, token: str | None) -> Answer:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return http.by_http(probe, API, Request("GET", path, headers=headers))


@contextlib.contextmanager
def _a_partner(probe: Probe) -> Iterator[tuple[str, str]]:
    """A token and the partner it belongs to, which is gone afterwards."""
    token, partner = f"check-{probe.word(16)}", probe.word()
    key = {"token_hash": hashlib.sha256(token.encode()).hexdigest()}
    with tables.cleared(probe, _TABLE, [key]):
        tables.put(probe, _TABLE, key | {"partner": partner})
        yield token, partner


def _gets_through(answer: Answer, partner: str, look: str = "") -> None:
    http.has_status(
        answer,
        200,
        "200: this token belongs to a partner",
        look=look,
        mistakes_here=(
            Mistake(
                lambda got: got.status == 401,
                "the authorizer: it refuses a token that is in the table; the text has Bearer and a space before it",
            ),
            Mistake(
                lambda got: got.status == 500 and "AuthorizerConfiguration" in got.headers.get("x-amzn-errortype", ""),
                "the authorizer: it failed, or its answer has no principalId and policyDocument, or the API may not invoke it",
            ),
            Mistake(
                lambda got: got.status == 502,
                "context: the function behind wants partner in it; it is in the authorizer's answer",
            ),
        ),
    )
    got = answer.json
    if not isinstance(got, dict) or got.get("partner") != partner:
        raise http.wrong(
            answer,
            "the partner that the token belongs to",
            "context of the authorizer's answer: partner, from the table",
        )


def _partners(probe: Probe) -> None:
    for path in _PATHS:
        with _a_partner(probe) as (token, partner):
            _gets_through(_call(probe, path, token), partner)


def _either_path(probe: Probe) -> None:
    look = "the policy: API Gateway keeps it for this token and applies it to the other path, too; what does Resource allow?"
    for paths in (_PATHS, _PATHS[::-1]):
        with _a_partner(probe) as (token, partner):
            for path in (*paths, paths[0]):
                _gets_through(_call(probe, path, token), partner, look)


def _no_token(probe: Probe) -> None:
    for path in _PATHS:
        answer = _call(probe, path, None)
        http.has_status(
            answer,
            401,
            "401: there is no token",
            mistakes_here=(
                Mistake(
                    lambda got: got.status in (200, 502),
                    f"the method GET of {path}: is the authorizer in front of it? authorizationType is CUSTOM, and publish",
                ),
            ),
        )


def _strangers(probe: Probe) -> None:
    for token in (f"check-{probe.word(16)}", ""):
        answer = http.by_http(
            probe, API, Request("GET", _PATHS[0], headers={"Authorization": f"Bearer {token}".strip()})
        )
        http.has_status(
            answer,
            401,
            "401: nobody has this token",
            mistakes_here=(
                Mistake(lambda got: got.status == 200, "the authorizer: it lets everybody in"),
                Mistake(
                    lambda got: got.status == 403,
                    "401 or 403: a policy that denies gives 403; the exception with the text Unauthorized gives 401",
                ),
                Mistake(
                    lambda got: got.status == 500,
                    "the exception: only the exact text Unauthorized becomes 401; every other failure is 500",
                ),
            ),
        )


def _locked_out(probe: Probe) -> None:
    role = probe.function(_AUTHORIZER).role.rpartition("/")[2]
    iam = probe.client("iam")
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}]}
    with _a_partner(probe) as (token, _partner):
        iam.put_role_policy(RoleName=role, PolicyName=_CHECKS_POLICY, PolicyDocument=json.dumps(deny))
        try:
            event = {
                "type": "TOKEN",
                "methodArn": f"arn:aws:execute-api:{probe.region}:123456789012:{probe.word()}/prod/GET{_PATHS[0]}",
                "authorizationToken": f"Bearer {token}",
            }
            result = probe.invoke(_AUTHORIZER, event, may_fail=True)
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName=_CHECKS_POLICY)
    expectations.require(
        result.failed or not _allows(result.payload),
        Message(
            did=f"We took the right to read the table away for a moment, and invoked {_AUTHORIZER}.",
            came_back=f"a policy that allows: {shown(result.payload, 80)}",
            expected="no policy that allows anything",
            look="except: when you cannot know who it is, nobody gets through; let the exception out",
        ),
    )


def _allows(payload: Any) -> bool:
    document = payload.get("policyDocument") if isinstance(payload, dict) else None
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    listed = statements if isinstance(statements, list) else [statements]
    return any(isinstance(one, dict) and one.get("Effect") == "Allow" for one in listed)


_STEPS = sub_checks(
    ("A partner gets through", _partners),
    ("On either path, in any order", _either_path),
    ("Without a token it is 401", _no_token),
    ("With a token that nobody has it is 401", _strangers),
    ("When the table cannot be read, nobody gets through", _locked_out),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_AUTHORIZER)
    tables.needed(probe, _TABLE)
    # An untouched starter ends here.
    event = {
        "type": "TOKEN",
        "methodArn": f"arn:aws:execute-api:{probe.region}:123456789012:{probe.word()}/prod/GET{_PATHS[0]}",
        "authorizationToken": "Bearer none",
    }
    probe.invoke(_AUTHORIZER, event, may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="apis-5",
    lesson="05",
    title="Partners only",
    kind="design",
    points=6,
    minutes=12,
    skills=("Lambda authorizer", "cached policy"),
    hints=(
        "An authorizer has three ends: a policy that allows, the exception with the one text that means 401, and any "
        "other failure, which is 500 and lets nobody in either. The policy it gives is kept, for all paths.",
        "Step 7 has all of it but the table. What comes in authorizationToken is the whole header, the word Bearer "
        "included; the table has the SHA-256 of the token alone, as hexadecimal text.",
        "In words: split the header at the space. hash = sha256(token.encode()).hexdigest(). get_item by it. No item: "
        "raise Exception('Unauthorized'). Else return principalId, a policy that allows execute-api:Invoke on "
        "API/STAGE/GET/partners/*, and context with partner. Catch nothing. Wiring: make_authorizer, route with "
        "authorizationType and authorizerId, publish.",
    ),
    explanation="The function behind never sees a stranger: it has no code for that, so none can be forgotten. The "
    "table keeps hashes, so whoever reads it cannot call. The policy covers all that a partner may do, because it is "
    "kept and used again. And a failure of your own shuts the door, it does not open it.",
    check=_check,
)
