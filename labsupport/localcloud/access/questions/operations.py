"""CloudWatch Logs, Secrets Manager, Systems Manager parameters and KMS.

Source: Service Authorization Reference, the pages of these services; the shown resources are those of AWS's messages.
"""

from __future__ import annotations

import base64
import binascii

from ..evaluation import Question
from ..request import AwsRequest
from .facts import ACCOUNT, Lookup, request_tags, tag_keys

#: Secrets Manager appends six characters to a name; policies write ``-??????``. For a secret that is not there any do.
_ANY_SUFFIX = "-AbCdEf"
_WITHOUT_SECRET = frozenset(("ListSecrets", "GetRandomPassword", "BatchGetSecretValue"))


def log_group_resources(region: str, group: str) -> tuple[str, ...]:
    """Spellings of a log group in policies. AWS's message shows the first, with an empty stream name."""
    arn = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}"
    return f"{arn}:log-stream:", arn, f"{arn}:*"


def log_stream_resources(region: str, group: str, stream: str) -> tuple[str, ...]:
    return (f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:log-stream:{stream}",)


async def ask_logs(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    group = parameters.get("logGroupName") or parameters.get("logGroupIdentifier") or ""
    if not group and parameters.get("logGroupNames"):
        group = parameters["logGroupNames"][0]
    arn = parameters.get("resourceArn") or (group if str(group).startswith("arn:") else None)
    group = str(arn or group).partition(":log-group:")[2].removesuffix(":*") if arn else str(group)
    stream = parameters.get("logStreamName")
    if stream and request.operation in ("CreateLogStream", "DeleteLogStream", "PutLogEvents", "GetLogEvents"):
        resources = log_stream_resources(region, group, str(stream))
    else:
        resources = log_group_resources(region, group)
    return [Question(f"logs:{request.operation}", resources, request_tags(parameters))]


async def ask_secrets(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    action = f"secretsmanager:{request.operation}"
    context = request_tags(parameters)
    questions = []
    if request.operation in _WITHOUT_SECRET:
        questions.append(Question(action, ("*",), context, shown=None))
        action = "secretsmanager:GetSecretValue"
    named = parameters.get("SecretIdList") or [parameters.get("SecretId") or parameters.get("Name")]
    for secret in [str(one) for one in named if one]:
        facts = await lookup("secretsmanager", region, secret)
        if facts and facts.arn:
            resource, shown = facts.arn, facts.arn
        else:
            whole = f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{secret}{_ANY_SUFFIX}"
            resource, shown = (secret if secret.startswith("arn:") else whole), secret
        context = request_tags(parameters) | {"secretsmanager:secretid": (resource,)} | tag_keys(facts)
        if parameters.get("VersionStage") or request.operation == "GetSecretValue":
            context["secretsmanager:versionstage"] = (str(parameters.get("VersionStage") or "AWSCURRENT"),)
        if request.operation == "CreateSecret":
            context["secretsmanager:name"] = (secret,)
        policy = facts.policy if facts else None
        questions.append(Question(action, (resource,), context, shown, policy))
    return questions


async def ask_parameters(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters = request.parameters
    here = f"arn:aws:ssm:{request.region}:{ACCOUNT}"
    action = f"ssm:{request.operation}"
    context = request_tags(parameters)
    if request.operation == "GetParametersByPath":
        path = str(parameters.get("Path") or "/")
        context["ssm:recursive"] = (str(bool(parameters.get("Recursive"))).lower(),)
        return [Question(action, (f"{here}:parameter{path}", f"{here}:parameter{path.rstrip('/')}"), context)]
    names = parameters.get("Names") or [parameters.get("Name") or parameters.get("ResourceId")]
    if request.operation == "PutParameter":
        context["ssm:overwrite"] = (str(bool(parameters.get("Overwrite"))).lower(),)
    questions = []
    for name in [str(one) for one in names if one and request.operation != "DescribeParameters"]:
        arn = name if name.startswith("arn:") else f"{here}:parameter/{name.partition(':')[0].lstrip('/')}"
        questions.append(Question(action, (arn,), context))
    return questions or [Question(action, (f"{here}:*",), context)]


async def ask_kms(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    key = parameters.get("KeyId") or parameters.get("TargetKeyId") or _key_of(parameters.get("CiphertextBlob"))
    action = f"kms:{request.operation}"
    context = request_tags(parameters)
    encryption = parameters.get("EncryptionContext")
    if isinstance(encryption, dict):
        context |= {f"kms:encryptioncontext:{name.lower()}": (str(value),) for name, value in encryption.items()}
        context["kms:encryptioncontextkeys"] = tuple(encryption)
    if not key:
        return [Question(action, ("*",), context)]
    facts = await lookup("kms", region, str(key))
    if facts is None or facts.arn is None:
        shown = str(key) if str(key).startswith("arn:") else f"arn:aws:kms:{region}:{ACCOUNT}:key/{key}"
        return [Question(action, (shown,), context)]
    if str(key).partition(":alias/")[2] or str(key).startswith("alias/"):
        context["kms:requestalias"] = ("alias/" + str(key).partition("alias/")[2],)
    return [Question(action, (facts.arn,), context | tag_keys(facts), "", facts.policy, True)]


def _key_of(ciphertext: object) -> str | None:
    """moto writes the key's id in front of what it encrypts."""
    try:
        blob = base64.b64decode(str(ciphertext or ""))
        return blob[:36].decode("ascii") if len(blob) > 36 else None
    except (binascii.Error, ValueError):
        return None
