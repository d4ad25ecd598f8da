"""The part of the seam that removes expired items: moto keeps TTL settings and removes nothing.

Source: DynamoDB Developer Guide, "Using time to live (TTL) in DynamoDB". AWS removes an item "within a few days" of its
time and promises no moment; here it is a minute, times the cloud's ``time_scale``. Until then it is read like any other.
``tests/localcloud/test_moto_seam_ttl.py`` names each function.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from .moto_seam_dynamodb import Write, listeners, lock, one_write

REMOVAL_DELAY_SECONDS = 60.0
#: "TTL … the timestamp can't be more than five years in the past": such items are not removed.
_OLDEST_SECONDS = 5 * 365.25 * 24 * 3600
_ALREADY = "TimeToLive is already {}"
_DIFFERENT = "TimeToLive is active on a different AttributeName: current AttributeName is {}"
#: Between two looks through the tables; a longer wait than an hour could miss a change of the clock.
_SHORTEST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 3600.0


class _Reaper:
    """A thread that sleeps until the next item can be removed, then looks through the tables that have TTL. It starts with
    the first such item; nothing is kept for an item."""

    def __init__(self) -> None:
        self.delay = REMOVAL_DELAY_SECONDS
        self._next: float | None = None
        self._earlier = threading.Condition(lock)
        self._thread: threading.Thread | None = None

    def expect(self, table: Any, item: Any) -> None:
        """Look when this item can be removed, if it ever can. The lock is held."""
        expiry = expiry_of(table, item)
        if expiry is None:
            return
        due = max(expiry, time.time()) + self.delay
        if self._next is None or due < self._next:
            self._next = due
            self._earlier.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="time-to-live")
            self._thread.start()

    def _run(self) -> None:
        with lock:
            while True:
                while self._next is None or self._next > time.time():
                    seconds = None if self._next is None else min(self._next - time.time(), _LONGEST_WAIT_SECONDS)
                    self._earlier.wait(seconds)
                self._next = None
                remove_all_expired(self.delay)
                for table, item in _items_with_time():
                    self.expect(table, item)
                if self._next is not None:
                    self._next = max(self._next, time.time() + _SHORTEST_WAIT_SECONDS)


reaper = _Reaper()


def remove_expired_items(time_scale: float) -> None:
    """Patch ``moto.dynamodb.models``; called when it has been imported."""
    from moto.dynamodb.exceptions import MockValidationException
    from moto.dynamodb.models import DynamoDBBackend

    reaper.delay = REMOVAL_DELAY_SECONDS * time_scale
    listeners.append(_expect)
    original = DynamoDBBackend.update_time_to_live

    def update_time_to_live(self: Any, table_name: str, ttl_spec: dict[str, Any]) -> None:
        with lock:
            table = self.get_table(table_name)
            enabled = table.ttl["TimeToLiveStatus"] == "ENABLED"
            if enabled and ttl_spec.get("AttributeName") != table.ttl["AttributeName"]:
                raise MockValidationException(_DIFFERENT.format(table.ttl["AttributeName"]))
            if bool(ttl_spec.get("Enabled")) == enabled:
                raise MockValidationException(_ALREADY.format("enabled" if enabled else "disabled"))
            original(self, table_name, ttl_spec)
            if not ttl_spec["Enabled"]:
                table.ttl.pop("AttributeName", None)
            for item in table.all_items():
                reaper.expect(table, item)

    DynamoDBBackend.update_time_to_live = update_time_to_live  # type: ignore[method-assign]


def _expect(write: Write) -> None:
    if write.after is not None:
        reaper.expect(write.table, write.after)


def expiry_of(table: Any, item: Any) -> float | None:
    """When the item expires, in seconds since 1970; None when it never does. Only a number counts."""
    if table.ttl["TimeToLiveStatus"] != "ENABLED":
        return None
    value = item.attrs.get(table.ttl["AttributeName"])
    if value is None or value.type != "N":
        return None
    expiry = float(value.value)
    return expiry if expiry > time.time() - _OLDEST_SECONDS else None


def remove_all_expired(delay: float) -> None:
    """Remove the items whose time was over ``delay`` seconds ago. The lock is held."""
    for table, item in _items_with_time():
        expiry = expiry_of(table, item)
        if expiry is not None and expiry + delay <= time.time():
            with one_write(table, item.hash_key, item.range_key, by_ttl=True):
                table.delete_item(item.hash_key, item.range_key)


def _items_with_time() -> Iterator[tuple[Any, Any]]:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    for backend in list(dynamodb_backends[DEFAULT_ACCOUNT_ID].values()):
        for table in list(backend.tables.values()):
            if table.ttl["TimeToLiveStatus"] == "ENABLED":
                for item in table.all_items():
                    if expiry_of(table, item) is not None:
                        yield table, item
