"""From the names a learner gives to what is watched: the resources themselves and the functions they are wired to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from .deployment_map import DeploymentMap, Resource
from .map_reading import read_map
from .watch import Followed, Watch
from .watched import Watched, WatchedBucket, WatchedFunction, WatchedQueue, WatchedTable

_KINDS = ("bucket", "queue", "table", "function")
_MOST_WATCHED = 12


class NotWatchable(Exception):
    """There is nothing of that name to watch; one line that says what there is."""


def watch(
    client: Callable[[str], Any], region: str, names: Sequence[str], *, seconds: float, quiet: float, live: bool
) -> Watch:
    """Begin to watch the buckets, queues, tables and functions of these ``names`` (without any: all there are), and the
    functions wired to them.

    Raises NotWatchable, and botocore's exceptions of the first look.
    """
    for name, value in (("seconds", seconds), ("quiet", quiet)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise NotWatchable(f"{name}={value!r} is not a number of seconds.")
    found = read_map(client, region)
    chosen = _choose(found, names)
    since = datetime.now(UTC)
    followed = [Followed(_watched(client, one, since)) for one in chosen]
    begun = Watch(followed, seconds=seconds, quiet=quiet, live=live)
    begun.begin()
    return begun


def _choose(found: DeploymentMap, names: Sequence[str]) -> list[Resource]:
    there = [one for one in found.resources if one.kind in _KINDS and not one.state]
    if not there:
        raise NotWatchable("There is no bucket, queue, table or function to watch yet.")
    for name in names:
        if name not in [one.name for one in there]:
            near = difflib.get_close_matches(str(name), [one.name for one in there], n=1)
            known = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(str(one) for one in there)}."
            raise NotWatchable(f"There is no bucket, queue, table or function {name!r}. {known}")
    chosen = [one for one in there if one.name in names or not names]
    keys = {one.key for one in chosen}
    wired = {key for one in found.connections for key in (one.source, one.target) if keys & {one.source, one.target}}
    functions = [one for one in there if one.kind == "function" and one.key in wired - keys]
    count = len(chosen) + len(functions)
    if count > _MOST_WATCHED:
        raise NotWatchable(f"{count} things are too many to watch; the most is {_MOST_WATCHED}. Name some of them.")
    return [*chosen, *functions]


def _watched(client: Callable[[str], Any], resource: Resource, since: datetime) -> Watched:
    name = resource.name
    if resource.kind == "bucket":
        return WatchedBucket(client("s3"), name)
    if resource.kind == "queue":
        sqs = client("sqs")
        return WatchedQueue(sqs, sqs.get_queue_url(QueueName=name)["QueueUrl"])
    if resource.kind == "table":
        return WatchedTable(client("dynamodb"), name)
    return WatchedFunction(client("lambda"), client("logs"), name, since)
