"""DynamoDB and its streams.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; DynamoDB Developer
Guide, "Using IAM policy conditions for fine-grained access control" and "IAM security policies with PartiQL".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..evaluation import Question
from ..patterns import Keys
from ..request import AwsRequest
from .facts import ACCOUNT, Facts, Lookup, request_tags, tag_keys

_TRANSACTION_PARTS = {
    "ConditionCheck": "ConditionCheckItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
}
_PARTIQL = {
    "SELECT": ("PartiQLSelect", r"\bFROM\s+"),
    "INSERT": ("PartiQLInsert", r"\bINTO\s+"),
    "UPDATE": ("PartiQLUpdate", r"\bUPDATE\s+"),
    "DELETE": ("PartiQLDelete", r"\bFROM\s+"),
    "EXISTS": ("PartiQLSelect", r"\bFROM\s+"),
}
_NAME = re.compile(r"(?<![\w.:#])(#?[A-Za-z_][\w-]*)(?!\s*\()")
_KEYWORDS = frozenset("set remove add delete and or not between in".split())


async def ask(request: AwsRequest, lookup: Lookup) -> list[Question]:
    parameters, region = request.parameters, request.region
    operation = request.operation
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return await _ask_batch(request, lookup)
    if operation in ("TransactGetItems", "TransactWriteItems"):
        return await _ask_transaction(request, lookup)
    if operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        return _ask_partiql(request)
    action = f"dynamodb:{operation}"
    stream = parameters.get("StreamArn") or _stream_of(parameters.get("ShardIterator"))
    if stream:
        return [Question(action, (str(stream),))]
    if operation in ("ListStreams", "GetRecords"):
        table = parameters.get("TableName")
        return [Question(action, (f"{_table_arn(region, str(table or '*'))}/stream/*",))]
    name = parameters.get("TableName") or parameters.get("ResourceArn")
    if not name:
        resource = parameters.get("BackupArn") or parameters.get("ExportArn")
        return [Question(action, (str(resource) if resource else _table_arn(region, "*"),))]
    facts = await lookup("dynamodb", region, _table_name(str(name)))
    index = str(parameters.get("IndexName") or "")
    context = _item_context(operation, parameters, index, facts) | request_tags(parameters)
    arn = _table_arn(region, str(name))
    return [Question(action, (f"{arn}/index/{index}" if index else arn,), context | tag_keys(facts))]


async def _ask_batch(request: AwsRequest, lookup: Lookup) -> list[Question]:
    questions = []
    items = request.parameters.get("RequestItems")
    for name, wanted in items.items() if isinstance(items, dict) else ():
        facts = await lookup("dynamodb", request.region, _table_name(name))
        if isinstance(wanted, dict):  # BatchGetItem
            keys = [key for key in wanted.get("Keys", ()) if isinstance(key, dict)]
            parameters = wanted
        else:
            keys = [
                request_part.get("Key") or request_part.get("Item") or {}
                for entry in wanted or ()
                if isinstance(entry, dict)
                for request_part in entry.values()
                if isinstance(request_part, dict)
            ]
            parameters = {}
        context = _leading(keys, facts, "") | _attributes(keys, parameters)
        questions.append(
            Question(f"dynamodb:{request.operation}", (_table_arn(request.region, name),), context | tag_keys(facts))
        )
    return questions or [Question(f"dynamodb:{request.operation}", (_table_arn(request.region, "*"),))]


async def _ask_transaction(request: AwsRequest, lookup: Lookup) -> list[Question]:
    questions = []
    for entry in request.parameters.get("TransactItems") or ():
        for part, parameters in entry.items() if isinstance(entry, dict) else ():
            operation = _TRANSACTION_PARTS.get(part)
            if operation is None or not isinstance(parameters, dict):
                continue
            name = str(parameters.get("TableName", ""))
            facts = await lookup("dynamodb", request.region, _table_name(name))
            context = _item_context(operation, parameters, "", facts)
            context = context | {"dynamodb:enclosingoperation": (request.operation,)} | tag_keys(facts)
            question = Question(f"dynamodb:{operation}", (_table_arn(request.region, name),), context)
            questions.append(question)
    return questions


def _ask_partiql(request: AwsRequest) -> list[Question]:
    parameters = request.parameters
    entries = parameters.get("Statements") or parameters.get("TransactStatements") or [parameters]
    questions = []
    for entry in entries:
        statement = str(entry.get("Statement", "")) if isinstance(entry, dict) else ""
        verb = re.match(r"\s*(\w+)", statement)
        action, before = _PARTIQL.get(verb[1].upper() if verb else "", _PARTIQL["SELECT"])
        table = re.search(before + r"\"?([\w.-]+)\"?(?:\.\"([\w.-]+)\")?", statement, re.IGNORECASE)
        arn = _table_arn(request.region, table[1] if table else "*")
        questions.append(Question(f"dynamodb:{action}", (f"{arn}/index/{table[2]}" if table and table[2] else arn,)))
    return questions


def _item_context(operation: str, parameters: dict[str, Any], index: str, facts: Facts | None) -> Keys:
    context: Keys = {}
    item = parameters.get("Key") or parameters.get("Item")
    if isinstance(item, dict):
        context |= _leading([item], facts, index)
        context |= _attributes([item], parameters)
    elif operation in ("Query", "Scan"):
        if operation == "Query":
            context |= _query_leading(parameters, facts, index)
        context |= _attributes([], parameters)
    if operation in ("Query", "Scan", "GetItem"):
        narrowed = parameters.get("ProjectionExpression") or parameters.get("AttributesToGet")
        usual = "SPECIFIC_ATTRIBUTES" if narrowed else "ALL_PROJECTED_ATTRIBUTES" if index else "ALL_ATTRIBUTES"
        context["dynamodb:select"] = (str(parameters.get("Select") or usual),)
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        context["dynamodb:returnvalues"] = (str(parameters.get("ReturnValues") or "NONE"),)
    if "ReturnConsumedCapacity" in parameters:
        context["dynamodb:returnconsumedcapacity"] = (str(parameters["ReturnConsumedCapacity"]),)
    return context


def _leading(items: Iterable[dict[str, Any]], facts: Facts | None, index: str) -> Keys:
    """dynamodb:LeadingKeys: the partition key values a request names."""
    key = facts.keys.get(index) if facts else None
    values = [_plain(item[key]) for item in items if key in item] if key else []
    return {"dynamodb:leadingkeys": tuple(dict.fromkeys(values))} if values else {}


def _query_leading(parameters: dict[str, Any], facts: Facts | None, index: str) -> Keys:
    key = facts.keys.get(index) if facts else None
    if not key:
        return {}
    legacy = (parameters.get("KeyConditions") or {}).get(key)
    if isinstance(legacy, dict) and legacy.get("AttributeValueList"):
        return {"dynamodb:leadingkeys": (_plain(legacy["AttributeValueList"][0]),)}
    names = {str(name): str(alias) for alias, name in (parameters.get("ExpressionAttributeNames") or {}).items()}
    spelling = "|".join(re.escape(one) for one in (key, names.get(key)) if one)
    condition = str(parameters.get("KeyConditionExpression", ""))
    match = re.search(rf"(?<![\w#])(?:{spelling})\s*=\s*(:\w+)", condition)
    value = (parameters.get("ExpressionAttributeValues") or {}).get(match[1]) if match else None
    return {"dynamodb:leadingkeys": (_plain(value),)} if value is not None else {}


def _attributes(items: Iterable[dict[str, Any]], parameters: dict[str, Any]) -> Keys:
    """dynamodb:Attributes: the top-level attributes a request names."""
    names: dict[str, None] = {}
    for item in items:
        names.update(dict.fromkeys(item))
    names.update(dict.fromkeys(parameters.get("AttributesToGet") or ()))
    aliases = parameters.get("ExpressionAttributeNames") or {}
    for expression in (
        "ProjectionExpression",
        "UpdateExpression",
        "ConditionExpression",
        "FilterExpression",
        "KeyConditionExpression",
    ):
        for name in _NAME.findall(str(parameters.get(expression) or "")):
            if name.lower() not in _KEYWORDS:
                names[str(aliases.get(name, name))] = None
    return {"dynamodb:attributes": tuple(names)} if names else {}


def _plain(value: Any) -> str:
    """The text of an attribute value such as ``{"S": "a"}``."""
    return str(next(iter(value.values()), "")) if isinstance(value, dict) else str(value)


def _table_arn(region: str, name: str) -> str:
    """TableName may be a name or an ARN."""
    return name if name.startswith("arn:") else f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"


def _table_name(name: str) -> str:
    return name.partition(":table/")[2].partition("/")[0] if name.startswith("arn:") else name


def _stream_of(iterator: Any) -> str | None:
    """A shard iterator starts with the stream's ARN and a bar."""
    arn = str(iterator or "").partition("|")[0]
    return arn if arn.startswith("arn:") else None
