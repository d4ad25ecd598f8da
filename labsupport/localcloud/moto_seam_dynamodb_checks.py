"""The part of the seam that refuses what DynamoDB refuses and moto takes, or answers with an error 500, or words in a way
of its own: keys, values, and expressions. ``tests/localcloud/test_moto_seam_dynamodb_checks.py`` names each function.

Sources: DynamoDB API reference and Developer Guide, "Expressions in DynamoDB"; the messages are as seen on AWS.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from . import dynamodb_units, moto_seam_dynamodb

_BATCH_WRITES = 25
_DIGITS = 38
_KINDS = (
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
)
_CONDITIONS = ("FilterExpression", "ConditionExpression")
_TOKEN = re.compile(r"[:#]?[A-Za-z_]\w*|[:#]\w+|[<>]=|<>|\S")
_OPERATORS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"))
_WRONG_INDEX_TYPE = (
    "One or more parameter values were invalid: Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}"
)
_EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: {}"
)


def refuse(message: str) -> Exception:
    """A ValidationException."""
    from moto.dynamodb.exceptions import MockValidationException

    return MockValidationException(message)


# --- keys and items ------------------------------------------------------------------------------------------------


def check_key(table: Any, key: dict[str, Any]) -> None:
    """Refuse a key that is not the table's whole primary key. (moto finds nothing for a key of the wrong type, and has
    words of its own for a missing sort key.)"""
    from moto.dynamodb.exceptions import ProvidedKeyDoesNotExist

    types = {table.hash_key_attr: table.hash_key_type, table.range_key_attr: table.range_key_type}
    if key.keys() != set(table.table_key_attrs) or any(next(iter(key[name])) != types[name] for name in key):
        raise ProvidedKeyDoesNotExist()
    _check_that_no_key_is_empty(table, key)


def _check_that_no_key_is_empty(table: Any, given: dict[str, Any]) -> None:
    for name in table.table_key_attrs:
        if given.get(name) in ({"S": ""}, {"B": ""}, {"B": b""}):
            raise refuse(_EMPTY_KEY.format(name))


def check_item(table: Any, item: dict[str, Any]) -> None:
    """Refuse an item that no put may store: key attributes that are empty or, in an index, of another type; numbers that
    are too long; sets with duplicates."""
    _check_that_no_key_is_empty(table, item)
    wrong = wrong_index_key(table, {name: next(iter(value)) for name, value in item.items()})
    if wrong:
        raise refuse(_WRONG_INDEX_TYPE.format(*wrong))
    check_values(item)


def wrong_index_key(table: Any, types: dict[str, str]) -> tuple[str, str, str, str] | None:
    """The first key attribute of an index that has another type than the table defines: name, type wanted, type found,
    index."""
    wanted = {one["AttributeName"]: one["AttributeType"] for one in table.attr}
    for index in (*table.global_indexes, *table.indexes):
        for name in index.schema_key_attrs:
            if name not in table.table_key_attrs and types.get(name, wanted[name]) != wanted[name]:
                return name, wanted[name], types[name], index.name
    return None


def check_values(values: dict[str, Any]) -> None:
    """Numbers of at most 38 digits, sets without duplicates, however deep they lie."""
    for value in values.values():
        ((kind, content),) = value.items()
        if kind == "M":
            check_values(content)
        elif kind == "L":
            check_values(dict(enumerate(content)))  # type: ignore[arg-type]
        elif kind in ("N", "NS"):
            for text in [content] if kind == "N" else content:
                digits = str(text).lower().partition("e")[0].replace(".", "").lstrip("+-").strip("0")
                if digits.isdigit() and len(digits) > _DIGITS:
                    raise refuse("Attempting to store more than 38 significant digits in a Number")
        if kind in ("SS", "NS", "BS") and len(set(content)) < len(content):
            listed = ", ".join(map(str, content))
            raise refuse(f"One or more parameter values were invalid: Input collection [{listed}] contains duplicates.")


# --- requests ------------------------------------------------------------------------------------------------------


def check_one(backend: Any, body: dict[str, Any]) -> None:
    """GetItem, UpdateItem, DeleteItem."""
    check_key(backend.get_table(body["TableName"]), body["Key"])
    check_expressions(body)


def check_put(backend: Any, body: dict[str, Any]) -> None:
    check_item(backend.get_table(body["TableName"]), body["Item"])
    check_expressions(body)


def check_batch_get(backend: Any, body: dict[str, Any]) -> None:
    for name, wanted in body["RequestItems"].items():
        table = backend.get_table(name)
        check_expressions(wanted)
        for key in wanted["Keys"]:
            check_key(table, key)


def check_batch_write(backend: Any, body: dict[str, Any]) -> None:
    """Nothing of a batch is written when one part of it is not valid; moto writes what comes before."""
    from moto.dynamodb.exceptions import ItemSizeTooLarge

    requests = [
        (backend.get_table(name), *next(iter(one.items()))) for name, all in body["RequestItems"].items() for one in all
    ]
    if len(requests) > _BATCH_WRITES:
        raise refuse("Too many items requested for the BatchWriteItem call")
    seen = set()
    for table, kind, request in requests:
        item = request["Item"] if kind == "PutRequest" else request["Key"]
        key = {name: item[name] for name in table.table_key_attrs if name in item}
        if kind == "PutRequest":
            check_item(table, item)
            if dynamodb_units.item_size(item) > dynamodb_units.ITEM_BYTES:
                raise ItemSizeTooLarge()
        check_key(table, key if kind == "PutRequest" else item)
        identity = (table.name, json.dumps({name: moto_seam_dynamodb.plain_value(key[name]) for name in sorted(key)}))
        if identity in seen:
            raise refuse("Provided list of item keys contains duplicates")
        seen.add(identity)


def check_transaction(backend: Any, body: dict[str, Any]) -> None:
    """TransactGetItems and TransactWriteItems."""
    for item in body["TransactItems"]:
        for kind, operation in item.items():
            table = backend.get_table(operation["TableName"])
            if kind == "Put":
                check_item(table, operation["Item"])
            else:
                check_key(table, operation["Key"])
            check_expressions(operation)


def check_scan(backend: Any, body: dict[str, Any]) -> None:
    _schema(backend.get_table(body["TableName"]), body.get("IndexName"))
    check_expressions(body)


def check_query(backend: Any, body: dict[str, Any]) -> None:
    """Beside the expressions: the index must be there, key conditions have the types of the key, filters are about other
    attributes than the key's."""
    table = backend.get_table(body["TableName"])
    keys = _schema(table, body.get("IndexName"))
    check_expressions(body)
    types = {one["AttributeName"]: one["AttributeType"] for one in table.attr}
    names = body.get("ExpressionAttributeNames") or {}
    values = body.get("ExpressionAttributeValues") or {}
    for name, placeholders in _comparisons(body.get("KeyConditionExpression") or ""):
        attribute = names.get(name, name)
        for placeholder in placeholders:
            if attribute in keys and next(iter(values[placeholder])) != types[attribute]:
                raise refuse(
                    "One or more parameter values were invalid: Condition parameter type does not match schema type"
                )
    for name in _paths(body.get("FilterExpression") or ""):
        attribute = names.get(name, name)
        if attribute in keys:
            raise refuse(
                "Filter Expression can only contain non-primary key attributes: Primary key attribute: " + attribute
            )


def _schema(table: Any, index_name: str | None) -> list[str]:
    if index_name is None:
        return list(table.table_key_attrs)
    for index in (*table.global_indexes, *table.indexes):
        if index.name == index_name:
            return list(index.schema_key_attrs)
    raise refuse(f"The table does not have the specified index: {index_name}")


def _comparisons(expression: str) -> list[tuple[str, list[str]]]:
    """Attributes (or their placeholders) of a key condition, each with the values that it is compared with."""
    tokens = _TOKEN.findall(expression)
    found = []
    for position, token in enumerate(tokens):
        following = tokens[position + 1 : position + 5]
        if following[:1] and following[0] in ("=", "<", "<=", ">", ">=") and following[1:2]:
            found.append((token, [following[1]]))
        elif following[:1] and following[0].upper() == "BETWEEN" and len(following) == 4:
            found.append((token, [following[1], following[3]]))
        elif token == "begins_with" and len(following) == 4:
            found.append((following[1], [following[3]]))
    return [(name, [value for value in values if value.startswith(":")]) for name, values in found]


def _paths(expression: str) -> list[str]:
    """The first elements of the paths in an expression: attributes or their placeholders."""
    tokens = ["", *_TOKEN.findall(expression), ""]
    return [
        token
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if before != "." and _is_name(token, after)
    ]


def _is_name(token: str, following: str) -> bool:
    return bool(re.match(r"[A-Za-z_#]", token)) and following != "(" and token.upper() not in _OPERATORS


# --- expressions ---------------------------------------------------------------------------------------------------


def check_expressions(part: dict[str, Any]) -> None:
    """Refuse reserved words, placeholders that are not defined or not used, and conditions that cannot be read."""
    texts = {kind: part[kind] for kind in _KINDS if isinstance(part.get(kind), str)}
    names = part.get("ExpressionAttributeNames") or {}
    values = part.get("ExpressionAttributeValues") or {}
    used: set[str] = set()
    for kind, text in texts.items():
        tokens = _TOKEN.findall(text)
        used |= set(tokens)
        _check_tokens(kind, tokens, names, values)
        if kind == "UpdateExpression":
            _check_sums(tokens, values)
        if kind in _CONDITIONS and tokens:
            _check_condition(kind, text, tokens, names, values)
    if texts:
        for title, given in (("Names", names), ("Values", values)):
            unused = [key for key in given if key not in used]
            if unused:
                raise refuse(
                    f"Value provided in ExpressionAttribute{title} unused in expressions: keys: {{{', '.join(unused)}}}"
                )
    check_values(values)


def _check_tokens(kind: str, tokens: list[str], names: dict[str, str], values: dict[str, Any]) -> None:
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if token.startswith(":") and token not in values:
            raise refuse(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; attribute value: {token}"
            )
        if token.startswith("#") and token not in names:
            raise refuse(
                f"Invalid {kind}: An expression attribute name used in the document path is not defined; attribute name: "
                f"{token}"
            )
        if _is_name(token, following) and token.upper() in _reserved_words():
            raise refuse(f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {token}")


def _check_sums(tokens: list[str], values: dict[str, Any]) -> None:
    """moto names the type of the operand that is right."""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        for operand in (before, after) if token in ("+", "-") else ():
            kind = next(iter(values[operand])) if operand in values else "N"
            if kind != "N":
                raise refuse(
                    "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: "
                    f"{token}, operand type: {kind}"
                )


def _check_condition(kind: str, text: str, tokens: list[str], names: dict[str, str], values: dict[str, Any]) -> None:
    """moto's own parser ends a request with an error 500 where the text is not right."""
    from moto.dynamodb.comparisons import IncorrectOperandType, create_condition_expression_parser

    try:
        create_condition_expression_parser(text, names, values).parse()
    except IncorrectOperandType as problem:
        raise refuse(f"Invalid {kind}: {problem}") from None
    except (ValueError, LookupError, AttributeError, AssertionError):
        raise refuse(f'Invalid {kind}: Syntax error; token: "<EOF>", near: "{tokens[-1]}"') from None


@functools.cache
def _reserved_words() -> frozenset[str]:
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    return frozenset(ReservedKeywords.get_reserved_keywords())
