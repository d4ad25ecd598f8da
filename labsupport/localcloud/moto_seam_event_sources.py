"""moto's event source mappings, replaced: its CloudFormation makes them in our own control plane, and its queues and
streams push nothing to functions by themselves.

Each touch has a test in ``tests/localcloud/test_moto_seam_event_sources.py``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from moto.awslambda import models as lambda_models
from moto.core.exceptions import JsonRESTError

from .moto_seam_lambda import LambdaClient

_LASTING_SECONDS = 60.0
_MAPPINGS = "/2015-03-31/event-source-mappings"
#: CloudFormation templates may write numbers and truth values as text.
_NUMBERS = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
)
_TRUTHS = ("BisectBatchOnFunctionError", "Enabled")
#: Properties of the resource that only a new one may have.
_ONLY_NEW = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Tags")


class MappingStandIn(lambda_models.EventSourceMapping):
    """What moto's CloudFormation needs of a mapping: its UUID, and ``delete``."""

    def __init__(self, client: LambdaClient, region: str, shown: dict[str, Any]) -> None:
        self._client = client
        self.region = region
        self.uuid = shown["UUID"]
        self.arn = shown["EventSourceMappingArn"]
        self.function_arn = shown["FunctionArn"]
        self._event_source_arn = shown["EventSourceArn"]

    def is_created(self) -> bool:
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        """Templates cannot name a mapping."""
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Id", "EventSourceMappingArn")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.uuid if attribute_name == "Id" else self.arn

    def delete(self, account_id: str, region_name: str) -> None:
        path = f"{_MAPPINGS}/{self.uuid}"
        self._client.call(self.region, "DELETE", path)
        _wait_until_lasting(self._client, self.region, self.uuid)


def replace_event_source_mappings(client: LambdaClient) -> None:
    """Make moto's Lambda backend keep mappings in our control plane. Its queues, tables and streams then know of none,
    which turns off the push that moto does in the request that sends a message."""
    backend = lambda_models.LambdaBackend

    def create(self: Any, spec: dict[str, Any]) -> MappingStandIn:
        made = client.call(self.region_name, "POST", _MAPPINGS, _as_parameters(spec))
        return MappingStandIn(
            client, self.region_name, _wait_until_lasting(client, self.region_name, made["UUID"]) or made
        )

    def update(self: Any, uuid: str, spec: dict[str, Any]) -> MappingStandIn:
        wanted = {key: value for key, value in _as_parameters(spec).items() if key not in _ONLY_NEW}
        made = client.call(self.region_name, "PUT", f"{_MAPPINGS}/{uuid}", wanted)
        return MappingStandIn(client, self.region_name, _wait_until_lasting(client, self.region_name, uuid) or made)

    def find(self: Any, event_source_arn: str, function_name: str) -> Iterable[MappingStandIn]:
        query = urlencode({"EventSourceArn": event_source_arn, "FunctionName": function_name})
        found = client.call(self.region_name, "GET", f"{_MAPPINGS}?{query}")["EventSourceMappings"]
        return [MappingStandIn(client, self.region_name, one) for one in found]

    backend.create_event_source_mapping = create  # type: ignore[method-assign]
    backend.update_event_source_mapping = update  # type: ignore[method-assign]
    backend.list_event_source_mappings = find  # type: ignore[method-assign]


def _wait_until_lasting(client: LambdaClient, region: str, uuid: str) -> dict[str, Any] | None:
    """GetEventSourceMapping when no change is going on any more; None when the mapping is gone."""
    deadline = time.monotonic() + _LASTING_SECONDS
    while True:
        try:
            found = client.call(region, "GET", f"{_MAPPINGS}/{uuid}")
        except JsonRESTError:
            return None
        if found["State"] in ("Enabled", "Disabled"):
            return found
        if time.monotonic() > deadline:
            raise JsonRESTError("ServiceException", f"{uuid} is still {found['State']}.")
        time.sleep(0.02)


def _as_parameters(properties: dict[str, Any]) -> dict[str, Any]:
    """A resource's properties as CreateEventSourceMapping takes them."""
    wanted = {key: value for key, value in properties.items() if value is not None}
    wanted |= {key: int(wanted[key]) for key in _NUMBERS if key in wanted}
    wanted |= {key: str(wanted[key]).lower() == "true" for key in _TRUTHS if key in wanted}
    concurrency = wanted.get("ScalingConfig", {}).get("MaximumConcurrency")
    if concurrency is not None:
        wanted["ScalingConfig"] = {"MaximumConcurrency": int(concurrency)}
    if isinstance(wanted.get("Tags"), list):
        wanted["Tags"] = {tag["Key"]: tag["Value"] for tag in wanted["Tags"]}
    return wanted
