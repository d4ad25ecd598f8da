"""Lambda.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Lambda"; Lambda Developer Guide,
"Granting users access" and "Fine-tuning the resources and conditions sections of policies" (a qualified call asks for
the qualified ARN; a role to be used must be passed).
"""

from __future__ import annotations

from typing import Any

from ..evaluation import Question
from ..patterns import Keys
from ..request import AwsRequest
from .facts import ACCOUNT, Facts, Lookup, request_tags, tag_keys

#: Operations whose action has another name.
_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
    "ListFunctionEventInvokeConfigs": "ListFunctionEventInvokeConfigs",
}


async def ask(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    operation = request.operation
    here = f"arn:aws:lambda:{region}:{ACCOUNT}"
    action = f"lambda:{_ACTIONS.get(operation, operation)}"
    context: Keys = request_tags(parameters)
    policy = None
    if parameters.get("LayerName") or operation == "GetLayerVersionByArn":
        resource = _layer(here, parameters)
    elif "EventSourceMapping" in operation:
        resource = f"{here}:event-source-mapping:{parameters['UUID']}" if parameters.get("UUID") else "*"
        if parameters.get("FunctionName"):
            function = _function_arn(here, str(parameters["FunctionName"]), None)
            context = context | {"lambda:functionarn": (function,)}
    elif parameters.get("FunctionName"):
        qualifier = parameters.get("Qualifier") if operation not in ("CreateFunction", "PublishVersion") else None
        resource = _function_arn(here, str(parameters["FunctionName"]), qualifier)
        facts = await lookup("lambda", region, resource)
        policy = facts.policy if facts else None
        context = context | tag_keys(facts) | _function_context(parameters)
    else:
        resource = str(parameters.get("ARN") or parameters.get("Resource") or "*")
    questions = [Question(action, (resource,), context, "", policy)]
    if operation in ("CreateFunction", "UpdateFunctionConfiguration"):
        questions += await _consequences(parameters, resource, lookup, region)
    return questions


async def _consequences(parameters: dict[str, Any], function: str, lookup: Lookup, region: str) -> list[Question]:
    """What must be allowed as well: passing the role, reading the layers."""
    questions = []
    role = parameters.get("Role")
    if role:
        passed = {"iam:passedtoservice": ("lambda.amazonaws.com",), "iam:associatedresourcearn": (function,)}
        facts: Facts | None = await lookup("role", region, str(role))
        questions.append(Question("iam:PassRole", (str(role),), passed | tag_keys(facts)))
    for layer in parameters.get("Layers") or ():
        questions.append(Question("lambda:GetLayerVersion", (str(layer),)))
    return questions


def _function_context(parameters: dict[str, Any]) -> Keys:
    context: Keys = {}
    if parameters.get("Layers"):
        context["lambda:layer"] = tuple(str(layer) for layer in parameters["Layers"])
    for key, name in (
        ("lambda:principal", "Principal"),
        ("lambda:functionurlauthtype", "FunctionUrlAuthType"),
        ("lambda:functionurlauthtype", "AuthType"),
    ):
        if parameters.get(name):
            context[key] = (str(parameters[name]),)
    return context


def _function_arn(here: str, name: str, qualifier: Any) -> str:
    """FunctionName is a name, a partial ARN or an ARN, each with or without a qualifier."""
    if name.startswith("arn:"):
        arn = name
    else:
        arn = f"{here}:function:{name.rpartition('function:')[2]}"
    has_qualifier = arn.count(":") > 6
    return f"{arn}:{qualifier}" if qualifier and not has_qualifier else arn


def _layer(here: str, parameters: dict[str, Any]) -> str:
    if parameters.get("Arn"):
        return str(parameters["Arn"])
    name = str(parameters["LayerName"])
    arn = name if name.startswith("arn:") else f"{here}:layer:{name}"
    return f"{arn}:{parameters['VersionNumber']}" if parameters.get("VersionNumber") else arn
