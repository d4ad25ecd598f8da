"""Decides each call made with a principal's own access key; every other call is an administrator's and passes at once."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from . import questions, signature
from .credential import Credential, credential_of, is_aws_key, may_be_aws_key
from .denial import EXPIRED, NOT_DELETED, UNKNOWN_KEY, Denial, Refusal, answer, deleted_objects, not_allowed
from .evaluation import Decision, Question, allows_service, decide
from .form import check_form, credential_of_form, fields_of, is_form
from .patterns import Context, Keys
from .policy import Policy
from .principal import Principal
from .questions import Facts, s3
from .questions.facts import ACCOUNT
from .questions.operations import log_group_resources, log_stream_resources
from .request import AwsRequest, prepare, read, split

#: Hashing a longer body takes milliseconds: that is done beside the event loop.
_LONG_BODY_BYTES = 256 * 1024
_KEPT_ENTRIES = 2000
#: Asked for every delivery of logs; a condition on the time of day may change the answer without a call.
_LOG_RIGHTS_SECONDS = 1.0
#: Calls that change what IAM answers. CloudFormation makes roles and policies, too.
_IDENTITY_SERVICES = frozenset(("iam", "sts", "cloudformation"))
_READING = re.compile(r"(?:^|\.)(?:Get|List|Describe|BatchGet|Query|Scan|Receive|Decrypt|Encrypt|GenerateData)")
#: Frequent calls of the data plane, which change no policy, tag or key schema.
_DATA_PLANE = re.compile(
    r"(?:^|\.)(?:SendMessage|DeleteMessage|ChangeMessageVisibility|Publish|PutItem|UpdateItem|DeleteItem|BatchWriteItem|"
    r"TransactWriteItems|PutSecretValue|PutLogEvents|PutEvents|PutMetricData)"
)

FunctionPolicies = Callable[[str, str], Awaitable["dict[str, Any] | str | None"]]


class Directory(Protocol):
    """What Access asks the moto process."""

    async def identity(self, access_key: str) -> dict[str, Any] | None: ...

    async def role(self, role_arn: str) -> dict[str, Any] | None: ...

    async def resource(self, kind: str, region: str, name: str) -> dict[str, Any] | None: ...


async def _no_function_policy(region: str, function_arn: str) -> None:
    return None


class Access:
    """Who calls, and may they? One for a cloud, in the front door's process.

    ``function_policies(region, function_arn)`` gives the resource policy of a function (the ARN may be qualified), as a
    document or JSON text, or None.
    """

    def __init__(self, directory: Directory, function_policies: FunctionPolicies = _no_function_policy) -> None:
        self._directory = directory
        self.function_policies = function_policies
        self._identities: dict[str, Principal | None] = {}
        self._roles: dict[str, Principal | None] = {}
        self._log_rights: dict[tuple[str, str, str, str], tuple[float, frozenset[str]]] = {}
        self._facts: dict[tuple[str, str, str], Facts | None] = {}
        self._identity_generation = 0
        self._facts_generation = 0

    async def authorize(self, method: str, raw_path: str, headers: Mapping[str, str], body: bytes) -> Denial | None:
        """None when the call may go on; otherwise AWS's refusal, ready to be sent."""
        if not may_be_aws_key(raw_path, headers):
            if is_form(method, headers) and "Authorization" not in headers:
                return await self._authorize_form(raw_path, headers, body)
            return None
        request, raw_query = await _read(method, raw_path, headers, body)
        if request is None:
            return None
        protocol = request.protocol or ("s3" if request.service.startswith("s3") else "rest")
        principal = await self._identity(request.credential.access_key)
        refusal = await self._check_identity(request, raw_query, principal)
        if refusal is not None or principal is None:
            return answer(refusal or UNKNOWN_KEY, protocol, request.service, method)
        if protocol == "s3" and method == "POST" and ("delete", "") in request.query:
            return await self._authorize_deletions(request, principal)
        return await self._answer_questions(request, principal, protocol)

    async def hide_missing_object(
        self, method: str, raw_path: str, headers: Mapping[str, str], status: int
    ) -> Denial | None:
        """After S3 answered: a caller who may not list the bucket gets 403 instead of 404 for a missing object."""
        if status != 404 or method not in ("GET", "HEAD") or not may_be_aws_key(raw_path, headers):
            return None
        request, _ = await _read(method, raw_path, headers, b"")
        if request is None or request.service != "s3" or not s3.place_of(request.path, headers.get("Host", "")).key:
            return None
        principal = await self._identity(request.credential.access_key)
        if principal is None:
            return None
        question = await s3.missing_object_question(request, self._lookup)
        decision = self._decide(question, request, principal)
        if decision.allowed:
            return None
        return answer(not_allowed("s3", principal.arn, question, decision), "s3", "s3", method)

    async def user_id(self, access_key: str) -> str | None:
        """The unique id of a key's owner, ``AROA…:SESSION`` for a role session; None when the key is nobody's own."""
        principal = await self._identity(access_key) if is_aws_key(access_key) else None
        return principal.keys["aws:userid"][0] if principal else None

    async def signer(self, request: AwsRequest, raw_query: str) -> Principal | Refusal:
        """Whose key signed the request, or why it is refused. ``raw_query`` is the query as sent."""
        principal = await self._identity(request.credential.access_key)
        refusal = await self._check_identity(request, raw_query, principal)
        return refusal or principal or UNKNOWN_KEY

    def decision(self, question: Question, principal: Principal, region: str, headers: Mapping[str, str]) -> Decision:
        """What the policies of the caller and of the resource say to one question."""
        keys = {**_common_keys(region, headers), **question.context, **principal.keys}
        return decide(replace(question, context=keys), principal.grants)

    @staticmethod
    def request_keys(region: str, headers: Mapping[str, str], source_ip: str) -> Context:
        """Global condition keys of a request that nobody has to have signed."""
        return {**_common_keys(region, headers), "aws:sourceip": (source_ip,)}

    async def service_allowed(self, service: str, action: str, arn: str, source_arn: str) -> bool | None:
        """May a service of AWS (``s3.amazonaws.com``) act on a queue or topic on behalf of ``source_arn``? None when
        the queue or topic is not there."""
        kind, region, account, name = arn.split(":", 5)[2:]
        facts = await self._lookup(kind, region, arn if kind == "sns" else name) if account == ACCOUNT else None
        if facts is None:
            return None
        keys: Keys = {
            **_common_keys(region, {}),
            "aws:sourcearn": (source_arn,),
            "aws:sourceaccount": (ACCOUNT,),
            "aws:viaawsservice": ("true",),
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (service,),
        }
        return allows_service(Question(action, (arn,), keys, resource_policy=facts.policy), service)

    async def role_allows(self, role_arn: str, action: str, resource: str, context: Context | None = None) -> bool:
        """May a session of this role do it? False for a role that is not there. For questions the cloud asks on a
        role's behalf (its logs, its dead-letter queue). ``context`` adds condition keys, named in lower case."""
        return await self.role_allows_any(role_arn, action, (resource,), context)

    async def role_allows_any(
        self, role_arn: str, action: str, resources: tuple[str, ...], context: Context | None = None
    ) -> bool:
        """As ``role_allows``, for a resource that policies may spell in several ways."""
        if role_arn not in self._roles:
            generation = self._identity_generation
            document = await self._directory.role(role_arn)
            role = Principal.from_wire(document) if document else None
            if generation == self._identity_generation:
                _keep(self._roles, role_arn, role)
        else:
            role = self._roles[role_arn]
        if role is None:
            return False
        region = resources[0].split(":")[3] if resources[0].count(":") > 3 else ""
        keys = {**_common_keys(region, {}), **role.keys, **(context or {})}
        return decide(Question(action, resources, keys), role.grants).allowed

    async def log_rights(self, role_arn: str, region: str, group: str, stream: str) -> frozenset[str]:
        """Which of CreateLogGroup, CreateLogStream and PutLogEvents the role has for a function's log. What it lacks,
        Lambda does not do, and says nothing ("Sending Lambda function logs to CloudWatch Logs")."""
        key = (role_arn, region, group, stream)
        known = self._log_rights.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        one_stream = log_stream_resources(region, group, stream)
        asked = {
            "CreateLogGroup": log_group_resources(region, group),
            "CreateLogStream": one_stream,
            "PutLogEvents": one_stream,
        }
        generation = self._identity_generation
        rights = frozenset(
            [name for name, where in asked.items() if await self.role_allows_any(role_arn, f"logs:{name}", where)]
        )
        if generation == self._identity_generation:
            _keep(self._log_rights, key, (time.monotonic() + _LOG_RIGHTS_SECONDS, rights))
        return rights

    def note_call(self, method: str, raw_path: str, headers: Mapping[str, str], body: bytes) -> None:
        """After a call went through: forget what it may have changed."""
        if method in ("GET", "HEAD"):
            return
        match = re.search(r"Credential=[^/]+/\d+/[^/]*/([^/]+)/", headers.get("Authorization", ""))
        service = match[1] if match else ""
        operation = headers.get("X-Amz-Target", "")
        if not operation and service not in ("s3", "lambda"):
            found = re.search(rb"(?:^|&)Action=(\w+)", body[:4096])
            operation = found[1].decode() if found else ""
        if operation and _READING.search(operation):
            return
        if service in _IDENTITY_SERVICES or not service:
            self._identity_generation += 1
            self._identities.clear()
            self._roles.clear()
            self._log_rights.clear()
        if service == "s3" and not _changes_bucket(raw_path, headers):
            return
        if operation and _DATA_PLANE.search(operation):
            return
        self._facts_generation += 1
        self._facts.clear()

    # --- inside ------------------------------------------------------------------------------------------------

    async def _answer_questions(self, request: AwsRequest, principal: Principal, protocol: str) -> Denial | None:
        for question in await questions.ask(request, self._lookup):
            decision = self._decide(question, request, principal)
            if not decision.allowed:
                refusal = not_allowed(request.service, principal.arn, question, decision)
                return answer(refusal, protocol, request.service, request.method)
        return None

    async def _authorize_form(self, raw_path: str, headers: Mapping[str, str], body: bytes) -> Denial | None:
        fields = fields_of(headers, body)
        credential = credential_of_form(fields)
        if credential is None or not is_aws_key(credential.access_key):
            return None
        principal = await self._identity(credential.access_key)
        if principal is None:
            return answer(UNKNOWN_KEY, "s3", "s3", "POST")
        secret = signature.Secret(credential.access_key, principal.secret_key, principal.token)
        refusal = check_form(credential, fields, secret, datetime.now(UTC)) or _expiry(principal)
        if refusal:
            return answer(refusal, "s3", "s3", "POST")
        path, query = split(raw_path)
        request = AwsRequest("POST", path, query, headers, b"", credential, "s3", "", dict(fields))
        return await self._answer_questions(request, principal, "s3")

    async def _identity(self, access_key: str) -> Principal | None:
        if access_key in self._identities:
            return self._identities[access_key]
        generation = self._identity_generation
        document = await self._directory.identity(access_key)
        principal = Principal.from_wire(document) if document else None
        if principal is not None and generation == self._identity_generation:
            _keep(self._identities, access_key, principal)
        return principal

    async def _check_identity(self, request: AwsRequest, raw_query: str, principal: Principal | None) -> Refusal | None:
        if principal is None:
            return UNKNOWN_KEY
        credential = request.credential
        secret = signature.Secret(credential.access_key, principal.secret_key, principal.token)
        now = datetime.now(UTC)
        if len(request.body) > _LONG_BODY_BYTES:
            refusal = await asyncio.to_thread(signature.check, request, raw_query, secret, now)
        else:
            refusal = signature.check(request, raw_query, secret, now)
        return refusal or _expiry(principal)

    async def _lookup(self, kind: str, region: str, name: str) -> Facts | None:
        key = (kind, region, name)
        if key in self._facts:
            return self._facts[key]
        generation = self._facts_generation
        if kind == "lambda":
            policy = await self.function_policies(region, name)
            return Facts(name, Policy.parse(policy)) if policy else None  # its owner keeps it at hand
        document = await self._directory.resource(kind, region, name)
        facts = None
        if document is not None:
            policy = document.get("policy")
            facts = Facts(
                arn=document.get("arn"),
                policy=Policy.parse(policy) if policy else None,
                tags=document.get("tags") or {},
                keys=document.get("keys") or {},
            )
        if generation == self._facts_generation:
            _keep(self._facts, key, facts)
        return facts

    def _decide(self, question: Question, request: AwsRequest, principal: Principal) -> Decision:
        return self.decision(question, principal, request.region, request.headers)

    async def _authorize_deletions(self, request: AwsRequest, principal: Principal) -> Denial | None:
        """DeleteObjects answers 200 and names the keys it refuses. When only some are refused, S3 deletes the others;
        here none is deleted, and the answer says so."""
        place = s3.place_of(request.path, request.headers.get("Host", ""))
        facts = await self._lookup("s3", "", place.bucket)
        asked = s3.delete_questions(request, place.bucket, facts.policy if facts else None)
        decisions = [self._decide(question, request, principal) for question in asked]
        if all(decision.allowed for decision in decisions):
            return None
        keys = s3.keys_to_delete(request.body)
        return deleted_objects(
            [
                (
                    key,
                    version,
                    NOT_DELETED if decision.allowed else not_allowed("s3", principal.arn, question, decision),
                )
                for (key, version), question, decision in zip(keys, asked, decisions, strict=True)
            ]
        )


async def _read(method: str, raw_path: str, headers: Mapping[str, str], body: bytes) -> tuple[AwsRequest | None, str]:
    """The request, when a principal's key signs it; and its query as sent."""
    path, query = split(raw_path)
    credential: Credential | None = credential_of(query, headers)
    if credential is None or not is_aws_key(credential.access_key) or path.startswith("/_aws/"):
        return None, ""
    if credential.service != "s3" and "X-Amz-Target" not in headers:
        await prepare(credential.service)
    return read(method, path, query, headers, body, credential), raw_path.partition("?")[2]


def _expiry(principal: Principal) -> Refusal | None:
    return EXPIRED if principal.expires is not None and principal.expires <= time.time() else None


def _common_keys(region: str, headers: Mapping[str, str]) -> Keys:
    """Global condition keys of every request ("AWS global condition context keys"). A call to the lab counts as one over
    TLS: on AWS it would be, and policies that insist on it must not shut the lab out."""
    now = datetime.now(UTC)
    keys: Keys = {
        "aws:sourceip": ("127.0.0.1",),
        "aws:securetransport": ("true",),
        "aws:requestedregion": (region or "us-east-1",),
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:viaawsservice": ("false",),
        "aws:resourceaccount": ("123456789012",),
    }
    for key, name in (("aws:useragent", "User-Agent"), ("aws:referer", "Referer")):
        if headers.get(name):
            keys[key] = (headers[name],)
    return keys


def _changes_bucket(raw_path: str, headers: Mapping[str, str]) -> bool:
    """A write to a bucket itself (make, delete, policy), not to an object in it."""
    path, query = split(raw_path)
    place = s3.place_of(path, headers.get("Host", ""))
    return not place.key and ("delete", "") not in query


def _keep(cache: dict[Any, Any], key: Any, value: Any) -> None:
    """Store an entry; a cache that has grown too large starts anew."""
    if len(cache) >= _KEPT_ENTRIES:
        cache.clear()
    cache[key] = value
