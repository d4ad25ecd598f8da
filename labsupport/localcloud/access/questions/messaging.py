"""SQS, SNS and EventBridge.

Source: Service Authorization Reference, the pages of Amazon SQS, Amazon SNS and Amazon EventBridge. A batch asks for the
permission of the single action (SQS Developer Guide, "Amazon SQS API permissions").
"""

from __future__ import annotations

from ..evaluation import Question
from ..request import AwsRequest
from .facts import ACCOUNT, Lookup, request_tags, tag_keys


async def ask_sqs(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    operation = request.operation.removesuffix("Batch")
    context = request_tags(parameters)
    url = str(parameters.get("QueueUrl") or (request.path if request.protocol == "query" else ""))
    if url.strip("/"):
        account, _, name = url.rstrip("/").rpartition("/")
        account = account.rpartition("/")[2]
    else:
        account, name = ACCOUNT, str(parameters.get("QueueName") or "")
    arn = f"arn:aws:sqs:{region}:{account if account.isdigit() else ACCOUNT}:{name}"
    if operation in ("StartMessageMoveTask", "ListMessageMoveTasks"):
        arn = str(parameters.get("SourceArn") or arn)
        name = arn.rpartition(":")[2]
    facts = await lookup("sqs", region, name) if name else None
    return [
        Question(
            f"sqs:{operation}",
            (arn,),
            context | tag_keys(facts),
            resource_policy=facts.policy if facts else None,
        )
    ]


async def ask_sns(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    operation = request.operation
    action = "sns:Publish" if operation == "PublishBatch" else f"sns:{operation}"
    context = request_tags(parameters)
    arn = parameters.get("TopicArn") or parameters.get("TargetArn") or parameters.get("ResourceArn")
    if not arn and parameters.get("SubscriptionArn"):
        arn = str(parameters["SubscriptionArn"]).rpartition(":")[0]  # a subscription belongs to its topic
    if not arn and operation == "Publish" and parameters.get("PhoneNumber"):
        return [Question(action, (str(parameters["PhoneNumber"]),), context)]
    if not arn:
        arn = f"arn:aws:sns:{region}:{ACCOUNT}:{parameters.get('Name') or '*'}"
    for key in ("Protocol", "Endpoint"):
        if operation == "Subscribe" and parameters.get(key):
            context[f"sns:{key.lower()}"] = (str(parameters[key]),)
    facts = await lookup("sns", region, str(arn))
    policy = facts.policy if facts else None
    return [Question(action, (str(arn),), context | tag_keys(facts), resource_policy=policy)]


async def ask_events(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters = request.parameters
    here = f"arn:aws:events:{request.region}:{ACCOUNT}"
    action = f"events:{request.operation}"
    if request.operation == "PutEvents":
        entries = [entry for entry in parameters.get("Entries") or () if isinstance(entry, dict)]
        asked: dict[str, Question] = {}
        for entry in entries or [{}]:
            arn = _bus_arn(here, entry.get("EventBusName"))
            context = {
                f"events:{key}": (str(entry[name]),)
                for key, name in (("source", "Source"), ("detail-type", "DetailType"))
                if entry.get(name)
            }
            context |= {"events:eventbusinvocation": ("false",)}
            asked.setdefault(f"{arn} {context}", Question(action, (arn,), context))
        return list(asked.values())
    rule = parameters.get("Rule") or (parameters.get("Name") if "Rule" in request.operation else None)
    if rule:
        bus = str(parameters.get("EventBusName") or "default").rpartition("/")[2]
        resource = f"{here}:rule/{rule}" if bus == "default" else f"{here}:rule/{bus}/{rule}"
    elif "EventBus" in request.operation and request.operation != "ListEventBuses":
        resource = _bus_arn(here, parameters.get("Name") or parameters.get("EventBusName"))
    else:
        resource = str(parameters.get("ResourceARN") or f"{here}:*")
    return [Question(action, (resource,), request_tags(parameters))]


def _bus_arn(here: str, name: object) -> str:
    text = str(name or "default")
    return text if text.startswith("arn:") else f"{here}:event-bus/{text}"
