"""The part of the seam for DynamoDB's requests: one at a time, checked, in pages of 1 MB, with the capacity units that AWS
counts, and transactions that are not made twice. ``tests/localcloud/test_moto_seam_dynamodb_requests.py`` names each function.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import dynamodb_units, moto_seam_dynamodb, moto_seam_usage
from . import moto_seam_dynamodb_checks as checks
from .moto_seam_dynamodb import Write, lock

#: "The token is valid for 10 minutes" (API reference, TransactWriteItems).
_TOKEN_SECONDS = 600.0


@dataclass
class _Request:
    """What the request that is being served has done so far; ``scanned`` is the bytes a page has looked at."""

    writes: list[Write] = field(default_factory=list)
    scanned: int = 0


class _Served:
    """The request being served; one at a time, because of the lock."""

    now = _Request()


def serve_requests_as_aws_does() -> None:
    """Patch ``moto.dynamodb.responses``; called when it has been imported."""
    from moto.dynamodb import responses
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models import table as table_module
    from moto.dynamodb.responses import DynamoHandler

    moto_seam_dynamodb.listeners.append(lambda write: _Served.now.writes.append(write))
    table_module.RESULT_SIZE_LIMIT = dynamodb_units.PAGE_BYTES
    responses.TRANSACTION_MAX_ITEMS = 100  # "up to 100" (API reference, TransactGetItems); moto has the limit of 2018
    query = _paged(table_module.Table.query, limit_at=3, projection_at=6, index_at=7, filter_at=9)
    scan = _paged(table_module.Table.scan, limit_at=1, projection_at=6, index_at=4, filter_at=3)
    table_module.Table.query, table_module.Table.scan = query, scan  # type: ignore[method-assign]

    DynamoDBBackend.update_table = _keeping_definitions(DynamoDBBackend.update_table)  # type: ignore[method-assign]
    original_call = DynamoHandler.call_action

    def call_action(self: Any) -> Any:
        with lock:
            _Served.now = _Request()
            return original_call(self)

    DynamoHandler.call_action = call_action  # type: ignore[method-assign]
    for name, (check, capacity) in _OPERATIONS.items():
        setattr(DynamoHandler, name, _wrapped(getattr(DynamoHandler, name), check, capacity))
    for name in _NAMING:
        setattr(DynamoHandler, name, _naming_the_table(getattr(DynamoHandler, name)))
    DynamoHandler.transact_write_items = _once(DynamoHandler.transact_write_items)  # type: ignore[method-assign]


Check = Callable[[Any, dict[str, Any]], None]
#: ``capacity(handler, body)``: units by table, and there by index name; the table's own under None.
Units = dict[str, dict[str | None, float]]


def _wrapped(original: Callable[[Any], Any], check: Check, capacity: Callable[[Any, dict[str, Any]], Units]) -> Any:
    from moto.dynamodb.exceptions import ConditionalCheckFailed

    @functools.wraps(original)
    def operation(self: Any) -> Any:
        body = self.body
        check(self.dynamodb_backend, body)
        try:
            answer = original(self)
        except ConditionalCheckFailed:
            moto_seam_usage.count(self.headers, "write", _refused(self, body))
            raise
        consumed = capacity(self, body)
        for units in consumed.values():
            moto_seam_usage.count(self.headers, "write" if capacity is _written else "read", sum(units.values()))
        result = answer.result
        for name in ("ConsumedCapacity", "ConsumedCapacityUnits"):
            result.pop(name, None)
        if not result.get("ItemCollectionMetrics", True):
            del result["ItemCollectionMetrics"]  # given for local secondary indexes, when asked for
        wanted = body.get("ReturnConsumedCapacity", "NONE")
        if wanted in ("TOTAL", "INDEXES"):
            kind = _kind_of_units(self._get_action())
            told = [
                _consumed(self.dynamodb_backend, table, units, wanted == "INDEXES", kind)
                for table, units in consumed.items()
            ]
            several = "RequestItems" in body or "TransactItems" in body
            if several or told:
                result["ConsumedCapacity"] = told if several else told[0]
        return answer

    return operation


def _naming_the_table(original: Callable[[Any], Any]) -> Any:
    @functools.wraps(original)
    def operation(self: Any) -> Any:
        from moto.dynamodb.exceptions import ResourceNotFoundException

        try:
            self.dynamodb_backend.get_table(self.body["TableName"])
        except ResourceNotFoundException:
            raise ResourceNotFoundException(table_name=self.body["TableName"]) from None
        return original(self)

    return operation


def _keeping_definitions(original: Callable[..., Any]) -> Any:
    """UpdateTable: "AttributeDefinitions must include the key element(s) of the new index" (API reference); the others
    stay. moto forgets them."""

    @functools.wraps(original)
    def update_table(self: Any, name: str, attr_definitions: list[dict[str, str]], **kwargs: Any) -> Any:
        if attr_definitions:
            every = [*self.get_table(name).attr, *attr_definitions]
            attr_definitions = list({one["AttributeName"]: one for one in every}.values())
        return original(self, name=name, attr_definitions=attr_definitions, **kwargs)

    return update_table


def _kind_of_units(operation: str) -> str | None:
    """A transaction's answer says which kind of units it took, too."""
    return {"TransactWriteItems": "WriteCapacityUnits", "TransactGetItems": "ReadCapacityUnits"}.get(operation)


def _consumed(
    backend: Any, table_name: str, units: dict[str | None, float], by_index: bool, kind: str | None
) -> dict[str, Any]:
    def told(amount: float) -> dict[str, float]:
        return {"CapacityUnits": amount} | ({kind: amount} if kind else {})

    consumed: dict[str, Any] = {"TableName": table_name} | told(sum(units.values()))
    if by_index:
        consumed["Table"] = told(units.get(None, 0.0))
        table = backend.get_table(table_name)
        for title, indexes in (
            ("LocalSecondaryIndexes", table.indexes),
            ("GlobalSecondaryIndexes", table.global_indexes),
        ):
            found = {index.name: told(units[index.name]) for index in indexes if index.name in units}
            if found:
                consumed[title] = found
    return consumed


# --- capacity ----------------------------------------------------------------------------------------------------


def _written(handler: Any, body: dict[str, Any]) -> Units:
    """Units of the writes of this request, those of its indexes included."""
    transactional = "TransactItems" in body
    units: Units = {}
    for write in _Served.now.writes:
        sizes = [_size(item) for item in (write.before, write.after)]
        taken = units.setdefault(write.table.name, {})
        _add(taken, None, dynamodb_units.write_units(max(sizes), transactional=transactional))
        for index in (*write.table.indexes, *write.table.global_indexes):
            amount = _index_units(write, index, transactional)
            if amount:
                _add(taken, index.name, amount)
    if transactional:
        backend = handler.dynamodb_backend
        for item in body["TransactItems"]:
            check = item.get("ConditionCheck")
            if check:
                table = backend.get_table(check["TableName"])
                size = _size(moto_seam_dynamodb.item_of(table, *backend.get_keys_value(table, check["Key"])))
                amount = dynamodb_units.write_units(size, transactional=True)
                _add(units.setdefault(table.name, {}), None, amount)
    return units


def _refused(handler: Any, body: dict[str, Any]) -> float:
    """A write whose condition was false takes units all the same, by the larger of the item there is and the new one
    (DynamoDB Developer Guide, "DynamoDB read and write operations")."""
    backend = handler.dynamodb_backend
    table = backend.get_table(body["TableName"])
    new = body.get("Item", {})
    key = body.get("Key") or {name: new[name] for name in table.table_key_attrs}
    there = _size(moto_seam_dynamodb.item_of(table, *backend.get_keys_value(table, key)))
    return dynamodb_units.write_units(max(there, dynamodb_units.item_size(new)))


def _index_units(write: Write, index: Any, transactional: bool) -> float:
    """What a write costs in one index: nothing when the entry stays the same, two writes when it moves."""
    before, after = _entry(write.before, index), _entry(write.after, index)
    if before == after:
        return 0.0
    keys = [name for name in index.schema_key_attrs]
    moved = before and after and any(before.get(name) != after.get(name) for name in keys)
    sizes = [dynamodb_units.item_size(entry) for entry in (before, after) if entry]
    if moved:
        return sum(dynamodb_units.write_units(size, transactional=transactional) for size in sizes)
    return dynamodb_units.write_units(max(sizes), transactional=transactional)


def _entry(item: Any | None, index: Any) -> dict[str, Any] | None:
    if item is None or not all(name in item.attrs for name in index.schema_key_attrs):
        return None
    return moto_seam_dynamodb.plain_item(index.project(item))


def _read_one(handler: Any, body: dict[str, Any]) -> Units:
    return {body["TableName"]: {None: _read(handler, body["TableName"], body["Key"], body.get("ConsistentRead"))}}


def _read_batch(handler: Any, body: dict[str, Any]) -> Units:
    return {
        name: {None: sum(_read(handler, name, key, wanted.get("ConsistentRead")) for key in wanted["Keys"])}
        for name, wanted in body["RequestItems"].items()
    }


def _read_transaction(handler: Any, body: dict[str, Any]) -> Units:
    units: Units = {}
    for item in body["TransactItems"]:
        get = item["Get"]
        amount = _read(handler, get["TableName"], get["Key"], True, transactional=True)
        _add(units.setdefault(get["TableName"], {}), None, amount)
    return units


def _read(
    handler: Any, name: str, key: dict[str, Any], consistent: bool | None, *, transactional: bool = False
) -> float:
    backend = handler.dynamodb_backend
    table = backend.get_table(name)
    size = _size(moto_seam_dynamodb.item_of(table, *backend.get_keys_value(table, key)))
    return dynamodb_units.read_units(size, consistent=bool(consistent), transactional=transactional)


def _read_page(handler: Any, body: dict[str, Any]) -> Units:
    """A page costs what it has looked at in sum, also what a filter then left out."""
    amount = dynamodb_units.read_units(_Served.now.scanned, consistent=bool(body.get("ConsistentRead")))
    return {body["TableName"]: {body.get("IndexName"): amount}}


def _add(units: dict[str | None, float], index: str | None, amount: float) -> None:
    units[index] = units.get(index, 0.0) + amount


def _size(item: Any | None) -> int:
    return 0 if item is None else int(item.size())


_OPERATIONS: dict[str, tuple[Check, Callable[[Any, dict[str, Any]], Units]]] = {
    "get_item": (checks.check_one, _read_one),
    "put_item": (checks.check_put, _written),
    "update_item": (checks.check_one, _written),
    "delete_item": (checks.check_one, _written),
    "batch_get_item": (checks.check_batch_get, _read_batch),
    "batch_write_item": (checks.check_batch_write, _written),
    "transact_get_items": (checks.check_transaction, _read_transaction),
    "transact_write_items": (checks.check_transaction, _written),
    "query": (checks.check_query, _read_page),
    "scan": (checks.check_scan, _read_page),
}
#: Operations whose refusal names the table that is not there.
_NAMING = ("delete_table", "update_time_to_live", "describe_time_to_live")


# --- pages -------------------------------------------------------------------------------------------------------


def _paged(original: Callable[..., Any], *, limit_at: int, projection_at: int, index_at: int, filter_at: int) -> Any:
    """``Table.query`` and ``Table.scan``: what a page looks at is counted before the filter and the projection, and a
    page that is as long as Limit always has a LastEvaluatedKey, because DynamoDB stops there without knowing whether more
    follows. The places are those of the positional arguments that moto's backend gives."""

    def page(self: Any, *args: Any, **kwargs: Any) -> Any:
        arguments = list(args)
        projection, arguments[projection_at] = arguments[projection_at], None
        condition, arguments[filter_at] = arguments[filter_at], None
        table = self if original.__name__ == "scan" else _Partition(self, arguments[0], arguments[index_at])
        items, scanned, last = original(table, *arguments, **kwargs)
        _Served.now.scanned = sum(item.size() for item in items)
        if last is None and items and len(items) == arguments[limit_at]:
            last = self._get_last_evaluated_key(items[-1], arguments[index_at])
        if condition is not None:
            items = [item for item in items if condition.expr(item)]
        if projection:
            items = [item.project(projection) for item in items]
        return items, scanned, last

    return page


class _Partition:
    """A table of which ``Table.query`` sees the items it may give: moto looks at all of them, sorted, for every query. In
    an index any item may be; it sorts those that it has chosen itself."""

    def __init__(self, table: Any, hash_key: Any, index_name: str | None) -> None:
        self._table = table
        self._hash_key = None if index_name else hash_key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def all_items(self) -> list[Any]:
        table = self._table
        if self._hash_key is None:
            groups = table.items.values()
            return [item for group in groups for item in group.values()] if table.range_key_attr else list(groups)
        found = table.items.get(self._hash_key)
        if found is None:
            return []
        return list(found.values()) if table.range_key_attr else [found]


# --- transactions ------------------------------------------------------------------------------------------------


def _once(original: Callable[[Any], Any]) -> Any:
    """``TransactWriteItems`` with the ClientRequestToken of one that was made answers again and writes nothing."""
    made: dict[tuple[str, str], tuple[float, str, Any]] = {}

    @functools.wraps(original)
    def transact_write_items(self: Any) -> Any:
        from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException

        token = self.body.get("ClientRequestToken")
        if not token:
            return original(self)
        now = time.monotonic()
        for key in [key for key, (at, _request, _answer) in made.items() if at + _TOKEN_SECONDS < now]:
            del made[key]
        request = json.dumps(self.body["TransactItems"], sort_keys=True, default=repr)
        key = (self.region, token)
        if key in made:
            _at, earlier, answer = made[key]
            if earlier != request:
                raise DynamodbException(
                    ERROR_TYPE_PREFIX + "IdempotentParameterMismatchException",
                    "Idempotency token was used with different parameters",
                )
            return answer
        answer = original(self)
        made[key] = (now, request, answer)
        return answer

    return transact_write_items
