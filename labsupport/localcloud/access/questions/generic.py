"""Services without a file of their own: the operation is the action; its resource is named where the request names it."""

from __future__ import annotations

from ..evaluation import Question
from ..request import AwsRequest
from .facts import ACCOUNT, Lookup, request_tags

#: Parameters that hold the ARN of the resource asked for.
_ARN_PARAMETERS = {
    "states": ("stateMachineArn", "executionArn", "activityArn", "resourceArn"),
    "kinesis": ("StreamARN", "ResourceARN"),
    "firehose": ("DeliveryStreamARN",),
}
#: Services whose IAM prefix is not the name in the signature.
_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}


async def ask(request: AwsRequest, lookup: Lookup) -> list[Question]:
    service = request.service
    parameters = request.parameters
    context = request_tags(parameters)
    if service == "apigateway":
        # API Gateway's actions are HTTP methods ("Actions, resources, and condition keys for Amazon API Gateway Management").
        return [
            Question(f"apigateway:{request.method}", (f"arn:aws:apigateway:{request.region}::{request.path}",), context)
        ]
    if service == "execute-api":
        return []  # the API's own authorization decides
    prefix = _PREFIXES.get(service, service)
    resource = next((str(parameters[name]) for name in _ARN_PARAMETERS.get(service, ()) if parameters.get(name)), None)
    if resource is None and service == "kinesis" and parameters.get("StreamName"):
        resource = f"arn:aws:kinesis:{request.region}:{ACCOUNT}:stream/{parameters['StreamName']}"
    if prefix == "cloudwatch" and parameters.get("Namespace"):
        context["cloudwatch:namespace"] = (str(parameters["Namespace"]),)
    # An operation that cannot be told is allowed only by a policy that allows everything of the service.
    return [Question(f"{prefix}:{request.operation or '-'}", (resource or "*",), context)]
