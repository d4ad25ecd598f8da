"""IAM and STS.

Source: Service Authorization Reference, the pages of IAM and AWS STS; STS API Reference (GetCallerIdentity needs no
permission; a role is assumed only when its trust policy agrees).
"""

from __future__ import annotations

from ..evaluation import Question
from ..request import AwsRequest
from .facts import ACCOUNT, Lookup, request_tags, tag_keys

_NEEDS_NO_PERMISSION = frozenset(("GetCallerIdentity", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"))
#: Parameter, kind of resource; the first that is present names the resource.
_RESOURCES = (
    ("RoleName", "role"),
    ("UserName", "user"),
    ("GroupName", "group"),
    ("InstanceProfileName", "instance-profile"),
    ("PolicyName", "policy"),
)


async def ask_sts(request: AwsRequest, lookup: Lookup) -> list[Question]:
    operation, parameters = request.operation, request.parameters
    if operation in _NEEDS_NO_PERMISSION:
        return []
    if operation != "AssumeRole":
        return [Question(f"sts:{operation}", ("*",))]
    arn = str(parameters.get("RoleArn", ""))
    facts = await lookup("role", request.region, arn)
    context = tag_keys(facts) | request_tags(parameters)
    for key, name in (("sts:externalid", "ExternalId"), ("sts:rolesessionname", "RoleSessionName")):
        if parameters.get(name):
            context[key] = (str(parameters[name]),)
    policy = facts.policy if facts else None
    questions = [Question("sts:AssumeRole", (arn,), context, "", policy, True)]
    if "aws:tagkeys" in context:
        questions.append(Question("sts:TagSession", (arn,), context, "", policy, True))
    return questions


async def ask_iam(request: AwsRequest, lookup: Lookup) -> list[Question]:
    operation, parameters = request.operation, request.parameters
    action = f"iam:{operation}"
    here = f"arn:aws:iam::{ACCOUNT}"
    context = request_tags(parameters)
    for key, name in (("iam:policyarn", "PolicyArn"), ("iam:permissionsboundary", "PermissionsBoundary")):
        if parameters.get(name):
            context[key] = (str(parameters[name]),)
    path = str(parameters.get("Path") or "/")
    for name, kind in _RESOURCES:
        value = parameters.get(name)
        if not value or kind == "policy" and operation != "CreatePolicy":
            continue
        if kind == "role" and operation != "CreateRole":
            facts = await lookup("role", request.region, str(value))
            arn = facts.arn if facts and facts.arn else f"{here}:role/{value}"
            # For what should be there already the message names kind and name instead of the ARN.
            return [Question(action, (arn,), context | tag_keys(facts), f"role {value}")]
        arn = f"{here}:{kind}{path}{value}"
        new = operation.startswith("Create") and kind != "policy"
        return [Question(action, (arn,), context, arn if new else f"{kind} {value}")]
    if parameters.get("PolicyArn"):
        arn = str(parameters["PolicyArn"])
        return [Question(action, (arn,), context, f"policy {arn}")]
    if operation.startswith("List"):
        listed = {"ListRoles": "role", "ListUsers": "user", "ListGroups": "group", "ListPolicies": "policy"}.get(
            operation
        )
        if listed:
            return [Question(action, (f"{here}:{listed}{parameters.get('PathPrefix') or '/'}",), context)]
    return [Question(action, ("*",), context)]
