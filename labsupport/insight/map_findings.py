"""Collects what is deployed and how it is wired while the services are read one after the other."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .deployment_map import Connection, DeploymentMap, Resource, order

Key = tuple[str, str]
_NO_PERMISSION = "no permission in the function's policy"


class Found:
    """What was found so far; functions come first, since the others ask whether they may invoke them."""

    def __init__(self) -> None:
        self.unseen: list[str] = []
        self.unseen_kinds: set[str] = set()
        self._resources: dict[Key, Resource] = {}
        self._connections: list[Connection] = []
        self._policies: dict[str, list[dict[str, Any]]] = {}
        self._variables: dict[Key, dict[str, str]] = {}
        #: ARNs, URLs and names by which an environment variable may mean a resource.
        self._called: dict[str, list[Key]] = {}

    def add(self, kind: str, name: str, details: Iterable[str] = (), *, called: Iterable[str] = ()) -> Key:
        """One resource that is there. ``called``: its ARN or URL."""
        resource = Resource(kind, name, ", ".join(filter(None, details)))
        self._resources[resource.key] = resource
        for word in (name, *called):
            self._called.setdefault(word, []).append(resource.key)
        return resource.key

    def connect(self, source: Key, target: Key, how: str, warning: str = "") -> None:
        self._connections.append(Connection(source, target, how, warning))

    def calls(self, source: Key, function_arn: str, how: str, principal: str, source_arn: str) -> None:
        """``source`` pushes events to a function, as the service ``principal``."""
        allowed = self._allows(function_arn, principal, source_arn)
        self.connect(source, key_of(function_arn), with_qualifier(how, function_arn), "" if allowed else _NO_PERMISSION)

    def has_variables(self, function: Key, variables: dict[str, str]) -> None:
        self._variables[function] = variables

    def has_policy(self, function_arn: str, document: str) -> None:
        statements = json.loads(document).get("Statement", [])
        self._policies.setdefault(_without_qualifier(function_arn), []).extend(statements)

    def is_allowed_at_all(self, principal: str) -> bool:
        """Whether any function lets this service invoke it."""
        return any(principal in _principals(one) for statements in self._policies.values() for one in statements)

    def map(self, region: str) -> DeploymentMap:
        connections = [*self._connections, *self._by_variables()]
        for key in [key for one in connections for key in (one.source, one.target)]:
            if key not in self._resources:
                state = "not looked at" if key[0] in self.unseen_kinds else "not there"
                self._resources[key] = Resource(*key, state="" if key[0] in ("other", "event bus", "stream") else state)
        resources = sorted(self._resources.values(), key=order)
        place = {one.key: number for number, one in enumerate(resources)}
        connections.sort(key=lambda one: (place[one.source], place[one.target], one.how))
        return DeploymentMap(region, tuple(resources), tuple(connections), tuple(self.unseen))

    def _by_variables(self) -> Iterator[Connection]:
        """Which resources a function means to use: AWS has no list of that, but variables name them."""
        for function, variables in self._variables.items():
            for variable, value in sorted(variables.items()):
                meant = [key for key in self._called.get(value, ()) if key != function]
                # A bucket and a table may have the same name; then the variable's name may tell.
                told = [key for key in meant if key[0].replace(" ", "_") in variable.lower()]
                for key in told or meant:
                    yield Connection(function, key, f"named in {variable}", loose=True)

    def _allows(self, function_arn: str, principal: str, source_arn: str) -> bool:
        """A short form of AWS's rule: a statement that allows this service and, where it names a source, this one."""
        function = _without_qualifier(function_arn)
        if key_of(function) not in self._resources or "function" in self.unseen_kinds:
            return True  # what is not there has a mark of its own
        for statement in self._policies.get(function, ()):
            sources = [
                pattern
                for values in statement.get("Condition", {}).values()
                for name, patterns in values.items()
                if name.lower() == "aws:sourcearn"
                for pattern in ([patterns] if isinstance(patterns, str) else patterns)
            ]
            if principal in _principals(statement) and (
                not sources or any(fnmatch.fnmatchcase(source_arn, pattern) for pattern in sources)
            ):
                return statement.get("Effect") == "Allow"
        return False


def key_of(arn: str) -> Key:
    """The resource an ARN names; what this map has no kind for is "other"."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "other", arn
    service, rest = parts[2], parts[5]
    name = re.split("[:/]", rest)[-1]
    if service == "lambda" and rest.startswith("function:"):
        return "function", rest.split(":")[1]
    if service == "dynamodb":
        return "table", rest.split("/")[1]
    if service == "logs":
        return "log group", rest.removeprefix("log-group:").removesuffix(":*")
    kinds = {"sqs": "queue", "sns": "topic", "s3": "bucket", "events": "event bus", "kinesis": "stream"}
    return (kinds[service], name) if service in kinds else ("other", arn)


def _principals(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return [services] if isinstance(services, str) else list(services)


def _without_qualifier(function_arn: str) -> str:
    return ":".join(function_arn.split(":")[:7])


def with_qualifier(how: str, function_arn: str) -> str:
    """``how``, and which version or alias is called, when it is not $LATEST."""
    qualifier = function_arn.split(":")[7:]
    return f"{how} (qualifier {qualifier[0]})" if qualifier else how
