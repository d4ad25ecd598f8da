"""Who signed a request to an API or a function URL, and may it be made?

Sources: Lambda Developer Guide, "Control access to Lambda function URLs"; API Gateway Developer Guide, "Control access to a
REST API with IAM permissions". A request with the learner's own keys, which belong to no principal, is an administrator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .access import Access
from .credential import credential_of, is_aws_key
from .denial import Refusal
from .evaluation import Decision, Question
from .principal import Principal
from .questions.facts import ACCOUNT
from .request import AwsRequest, split

#: As GetCallerIdentity answers to keys that belong to no principal.
_ADMINISTRATOR_ARN = f"arn:aws:sts::{ACCOUNT}:user/moto"
_ADMINISTRATOR_ID = "AKIAIOSFODNN7EXAMPLE"


@dataclass(frozen=True)
class ApiCaller:
    """Whose signature a request has. ``principal`` is None for an administrator."""

    access_key: str
    arn: str
    user_id: str
    principal: Principal | None = None
    account: str = ACCOUNT


async def identify(
    access: Access, method: str, target: str, headers: Mapping[str, str], body: bytes, service: str
) -> ApiCaller | Refusal | None:
    """The caller; None when the request is not signed; a Refusal when the signature is wrong. ``target`` is path and
    query as sent, ``headers`` as sent too (names in any case), ``service`` what the signature must be scoped to."""
    path, query = split(target)
    credential = credential_of(query, headers)
    if credential is None or credential.version != 4:
        return None
    if credential.service != service:
        message = f"Credential should be scoped to correct service: '{service}'. "
        return Refusal(message, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch")
    if not is_aws_key(credential.access_key):
        return ApiCaller(credential.access_key, _ADMINISTRATOR_ARN, _ADMINISTRATOR_ID)
    request = AwsRequest(method, path, query, headers, body, credential)
    signer = await access.signer(request, target.partition("?")[2])
    if isinstance(signer, Refusal):
        return signer
    return ApiCaller(credential.access_key, signer.arn, signer.keys["aws:userid"][0], signer)


def may(access: Access, caller: ApiCaller, question: Question, region: str, headers: Mapping[str, str]) -> Decision:
    """The decision of the caller's policies and of the resource's, which the question carries."""
    if caller.principal is None:
        return Decision(True)
    return access.decision(question, caller.principal, region, headers)
