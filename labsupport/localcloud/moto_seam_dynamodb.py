"""The part of the seam for DynamoDB's items: each write is whole or not made, also between threads, and is told to those
who listen (streams, TTL, consumed capacity). ``tests/localcloud/test_moto_seam_dynamodb.py`` names each function.

moto checks a condition and stores the item in two steps, and its server has many threads: two conditional puts could
both succeed. It changes an item in place before it has checked all of an update, copies whole tables for a transaction,
and puts them back, with what others have written meanwhile, when it fails.
"""

from __future__ import annotations

import base64
import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from . import dynamodb_units

#: Held by every request to DynamoDB and its streams: one at a time. moto's one interpreter lock lets no two run anyway.
lock = threading.RLock()


@dataclass(frozen=True)
class Write:
    """One item as it was before and is after a write; None where there is none. ``by_ttl``: removed as expired."""

    table: Any
    before: Any | None
    after: Any | None
    by_ttl: bool = False


#: Told of each write, in order, while the lock is held.
listeners: list[Callable[[Write], None]] = []


class _Writing:
    """What is under way while the lock is held. ``open``: inside one item's write; ``held``: writes of a transaction."""

    open = False
    held: list[Write] | None = None


_writing = _Writing()


def make_writes_whole() -> None:
    """Patch ``moto.dynamodb.models``; called when it has been imported."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
    from moto.dynamodb.models.table import Table

    _measure_as_aws_does(DynamoType, Item, LimitedSizeDict)
    put_item, delete_item, update_item = Table.put_item, Table.delete_item, DynamoDBBackend.update_item

    def put(self: Any, item_attrs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        from moto.dynamodb.exceptions import ItemSizeTooLarge

        if dynamodb_units.item_size(item_attrs) > dynamodb_units.ITEM_BYTES:
            raise ItemSizeTooLarge()
        hash_value, range_value = item_attrs.get(self.hash_key_attr), item_attrs.get(self.range_key_attr)
        if hash_value is None or (self.range_key_attr and range_value is None):
            return put_item(self, item_attrs, *args, **kwargs)  # refuses
        with one_write(self, DynamoType(hash_value), range_value and DynamoType(range_value)):
            return put_item(self, item_attrs, *args, **kwargs)

    def delete(self: Any, hash_key: Any, range_key: Any) -> Any:
        with one_write(self, hash_key, range_key):
            return delete_item(self, hash_key, range_key)

    def update(self: Any, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        with lock:
            table = self.get_table(table_name)
            hash_value, range_value = self.get_keys_value(table, key)
            with one_write(table, hash_value, range_value, in_place=True):
                return update_item(self, table_name, key, *args, **kwargs)

    Table.put_item = put  # type: ignore[method-assign]
    Table.delete_item = delete  # type: ignore[method-assign]
    DynamoDBBackend.update_item = update  # type: ignore[method-assign]
    DynamoDBBackend.transact_write_items = _transact  # type: ignore[method-assign]


@contextmanager
def one_write(
    table: Any, hash_key: Any, range_key: Any, *, in_place: bool = False, by_ttl: bool = False
) -> Iterator[None]:
    """A write to one item: put back when it fails or the item has become too large, told to the listeners otherwise.

    ``in_place``: moto changes the item itself, so what was before is a copy. A write inside another belongs to it.
    """
    with lock:
        if _writing.open:
            yield
            return
        before = item_of(table, hash_key, range_key)
        if in_place:
            before = copy.deepcopy(before)
        _writing.open = True
        try:
            yield
            after = item_of(table, hash_key, range_key)
            if in_place and after is not None:
                _check_updated(table, after)
        except BaseException:
            _put_back(table, hash_key, range_key, before)
            raise
        finally:
            _writing.open = False
        _tell(Write(table, before, after, by_ttl))


def _check_updated(table: Any, item: Any) -> None:
    """Refuse what an update may not make of an item."""
    from moto.dynamodb.exceptions import ItemSizeToUpdateTooLarge, MockValidationException

    from .moto_seam_dynamodb_checks import wrong_index_key

    if item.size() > dynamodb_units.ITEM_BYTES:
        raise ItemSizeToUpdateTooLarge()
    if wrong_index_key(table, {name: value.type for name, value in item.attrs.items()}):
        raise MockValidationException(
            "The update expression attempted to update the secondary index key to unsupported type"
        )


def item_of(table: Any, hash_key: Any, range_key: Any) -> Any | None:
    """The stored item. (``Table.get_item`` leaves an empty entry behind for a partition that is not there.)"""
    found = table.items.get(hash_key)
    return found.get(range_key) if found is not None and range_key is not None else found


def _put_back(table: Any, hash_key: Any, range_key: Any, item: Any | None) -> None:
    if item is None:
        if range_key is None:
            table.items.pop(hash_key, None)
        elif hash_key in table.items:
            table.items[hash_key].pop(range_key, None)
    elif range_key is None:
        table.items[hash_key] = item
    else:
        table.items[hash_key][range_key] = item


def _tell(write: Write) -> None:
    if _writing.held is not None:
        _writing.held.append(write)
        return
    for listener in listeners:
        listener(write)


def _transact(self: Any, transact_items: list[dict[str, Any]]) -> None:
    """``DynamoDBBackend.transact_write_items``: all of it or nothing, and nobody sees half of it."""
    from moto.dynamodb import exceptions

    if len(transact_items) > 100:
        raise exceptions.TooManyTransactionsException()
    with lock:
        parts = [_transaction_part(self, item) for item in transact_items]
        if len({(part.table.name, part.hash_key, part.range_key) for part in parts}) < len(parts):
            raise exceptions.MultipleTransactionsException()
        reasons: list[tuple[Any, Any, Any]] = []
        held: list[Write] = []
        _writing.held = held
        done = False
        try:
            for part in parts:
                reasons.append(_run_part(self, part))
            done = all(code is None for code, _message, _item in reasons)
        finally:
            _writing.held = None
            if not done:
                for write in reversed(held):
                    item = write.before or write.after
                    if item is not None:
                        _put_back(write.table, item.hash_key, item.range_key, write.before)
        if not done:
            raise exceptions.TransactionCanceledException(reasons)
        for write in held:
            _tell(write)


@dataclass(frozen=True)
class _Part:
    kind: str
    operation: dict[str, Any]
    table: Any
    key: dict[str, Any]
    hash_key: Any
    range_key: Any | None


def _transaction_part(backend: Any, item: dict[str, Any]) -> _Part:
    from moto.dynamodb.exceptions import MockValidationException, TransactWriteSingleOpException

    if len(item) != 1:
        raise TransactWriteSingleOpException
    ((kind, operation),) = item.items()
    table = backend.get_table(operation["TableName"])
    source = operation["Item"] if kind == "Put" else operation["Key"]
    key = {name: source[name] for name in table.table_key_attrs if name in source}
    if kind == "Put" and len(key) < len(table.table_key_attrs):
        missing = next(name for name in table.table_key_attrs if name not in key)
        raise MockValidationException(
            f"One or more parameter values were invalid: Missing the key {missing} in the item"
        )
    hash_key, range_key = backend.get_keys_value(table, key)
    return _Part(kind, operation, table, key, hash_key, range_key)


def _run_part(backend: Any, part: _Part) -> tuple[Any, Any, Any]:
    """Do one part; its cancellation reason, or three times None."""
    from moto.dynamodb import exceptions
    from moto.dynamodb.comparisons import get_filter_expression

    operation = part.operation
    condition = {
        "condition_expression": operation.get("ConditionExpression"),
        "expression_attribute_names": operation.get("ExpressionAttributeNames"),
        "expression_attribute_values": operation.get("ExpressionAttributeValues"),
    }
    current = item_of(part.table, part.hash_key, part.range_key)
    if condition["condition_expression"] is not None and not get_filter_expression(*condition.values()).expr(current):
        wanted = operation.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and current is not None
        item = current.to_json()["Attributes"] if wanted else None  # type: ignore[union-attr]
        return "ConditionalCheckFailed", "The conditional request failed", item
    try:
        if part.kind == "Put":
            part.table.put_item(operation["Item"])
        elif part.kind == "Delete":
            part.table.delete_item(part.hash_key, part.range_key)
        elif part.kind == "Update":
            backend.update_item(part.table.name, part.key, operation["UpdateExpression"], *list(condition.values())[1:])
    except (
        exceptions.ItemSizeTooLarge,
        exceptions.ItemSizeToUpdateTooLarge,
        exceptions.AttributeDoesNotExist,
        exceptions.IncorrectDataType,
        exceptions.InvalidUpdateExpressionInvalidDocumentPath,
    ) as problem:  # these depend on the item that is stored
        return "ValidationError", str(problem.message), None
    return None, None, None


def _measure_as_aws_does(dynamo_type: Any, item: Any, limited_dict: Any) -> None:
    """Sizes as DynamoDB counts them. The limit of 400 KB is kept by ``put`` and ``one_write``; moto's own is 405,000
    bytes of another count, and looks only at the outermost attributes."""
    original_init = dynamo_type.__init__

    def __init__(self: Any, type_as_dict: Any) -> None:
        original_init(self, type_as_dict)
        if self.type == "N":
            self.value = number(self.value)
        elif self.type == "NS":
            self.value = [number(one) for one in self.value]

    dynamo_type.__init__ = __init__
    dynamo_type.size = lambda self: dynamodb_units.value_size(plain_value(self))
    item.size = lambda self: dynamodb_units.item_size(plain_item(self))
    limited_dict.__setitem__ = dict.__setitem__


def number(value: Any) -> Any:
    """A number as DynamoDB gives it back: "Leading and trailing zeroes are trimmed" (Developer Guide, "Supported data
    types and naming rules in Amazon DynamoDB"), never with an exponent. What is no number stays for moto to refuse."""
    if not isinstance(value, str) or value.isdigit() and value[0] != "0":
        return value
    try:
        exact = Decimal(value)
        if not exact.is_finite() or value != value.strip():
            return value
        text = f"{exact:f}"
    except InvalidOperation:
        return value
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def plain_item(item: Any) -> dict[str, dict[str, Any]]:
    """A stored item as DynamoDB JSON, binary values as base64 text."""
    return {name: plain_value(value) for name, value in item.attrs.items()}


def plain_value(value: Any) -> dict[str, Any]:
    """An attribute value (moto's, or DynamoDB JSON) as DynamoDB JSON, binary values as base64 text."""
    if isinstance(value, dict):
        ((kind, content),) = value.items()
    else:
        kind, content = value.type, value.value
    if kind == "M":
        return {"M": {name: plain_value(one) for name, one in content.items()}}
    if kind == "L":
        return {"L": [plain_value(one) for one in content]}
    if kind == "B":
        return {"B": _base64(content)}
    if kind == "BS":
        return {"BS": [_base64(one) for one in content]}
    return {kind: list(content) if kind in ("SS", "NS") else content}


def _base64(content: str | bytes) -> str:
    return base64.b64encode(content).decode() if isinstance(content, bytes) else content
