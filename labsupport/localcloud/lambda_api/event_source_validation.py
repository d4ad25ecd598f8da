"""Which event source mappings AWS refuses, and in which words.

Sources: Lambda API Reference, "CreateEventSourceMapping" and "UpdateEventSourceMapping"; Lambda Developer Guide,
"Creating and configuring an Amazon SQS event source mapping" and "Process DynamoDB records with Lambda". The texts are
as recorded from AWS where it answers so; "Unsupported … parameter" is recorded for DestinationConfig only.
"""

from __future__ import annotations

from ..functions.limits import EVENT_FILTERS_MAXIMUM, MAXIMUM_RECORD_AGE_AT_LEAST_SECONDS
from ..triggers.filter_criteria import FilterCriteria, InvalidPattern
from . import errors
from .destinations import Destinations, check_failure_destination
from .mapping_records import Mapping
from .operations import Call
from .store import Version

_STREAMS = ("dynamodb", "kinesis")
#: Event sources of AWS that this cloud has not.
_ELSEWHERE = ("kafka", "mq", "rds")
_ONLY_FOR_STREAMS = (
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)
_FOR_OTHER_SOURCES = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "Queues",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "Topics",
)
_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_STREAM_ACTIONS = {
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"),
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards", "ListStreams"),
}
_LARGEST_BATCH_WITHOUT_WINDOW = 10


async def check_creation(call: Call) -> str:
    """The ARN of the event source. Raises LambdaError for a mapping that AWS does not make."""
    if call.get("SelfManagedEventSource"):
        if not call.get("SourceAccessConfigurations"):
            raise errors.invalid_parameter("Required 'sourceAccessConfigurations' parameter is missing.")
        raise errors.not_in_this_lab("event source mappings for self-managed Apache Kafka")
    _check_no_success_destination(call)
    source_arn = call.get("EventSourceArn")
    if not source_arn:
        raise _unrecognized()
    service = _service(source_arn)
    _check_parameters(call, service, source_arn)
    _check_starting_position(call, service, source_arn)
    _check_batch(call, source_arn, call.get("BatchSize"), call.get("MaximumBatchingWindowInSeconds", 0))
    _check_filters(call)
    version = _function(call)
    await _check_access(call, source_arn, version)
    _check_not_there(call, source_arn)
    if service == "kinesis":
        raise errors.not_in_this_lab("event source mappings for Kinesis streams")
    return str(source_arn)


async def check_update(call: Call, mapping: Mapping) -> None:
    """Raises LambdaError for a change that AWS does not make."""
    _check_no_success_destination(call)
    _check_parameters(call, mapping.service, mapping.source_arn)
    wanted = mapping.settings | call.parameters
    _check_batch(call, mapping.source_arn, wanted["BatchSize"], wanted["MaximumBatchingWindowInSeconds"])
    _check_filters(call)
    version = _function(call) if call.get("FunctionName") else _current(call, mapping)
    if call.get("FunctionName"):
        _check_not_there(call, mapping.source_arn, but=mapping)
    if version is not None and call.get("Enabled") is not False:  # whatever became of the source, one can stop it
        await _check_access(call, mapping.source_arn, version)


def _unrecognized() -> errors.LambdaError:
    return errors.invalid_parameter("Unrecognized event source.")


def _service(source_arn: str) -> str:
    service = source_arn.split(":")[2]
    if service in _ELSEWHERE:
        raise errors.not_in_this_lab(f"event source mappings for {service}")
    if service not in ("sqs", *_STREAMS) or (service == "dynamodb" and "/stream/" not in source_arn):
        raise _unrecognized()
    return service


def _unsupported(parameter: str) -> errors.LambdaError:
    return errors.invalid_parameter(f"Unsupported {parameter} parameter for given event source mapping type.")


def _check_no_success_destination(call: Call) -> None:
    """No mapping but one of Kafka's tells anybody of success."""
    if Destinations.of(call.get("DestinationConfig", {})).on_success:
        raise _unsupported("DestinationConfig")


def _check_parameters(call: Call, service: str, source_arn: str) -> None:
    """Each event source has parameters of its own."""
    unsupported = [*_FOR_OTHER_SOURCES]
    if service == "sqs":
        if call.get("StartingPosition") or call.get("StartingPositionTimestamp"):
            raise errors.invalid_parameter("StartingPosition is not valid for SQS event sources.")
        if Destinations.of(call.get("DestinationConfig", {})).on_failure:
            raise _unsupported("DestinationConfig")
        unsupported += _ONLY_FOR_STREAMS
    elif call.get("ScalingConfig", {}).get("MaximumConcurrency") is not None:
        raise _unsupported("ScalingConfig")
    for parameter in unsupported:
        if call.get(parameter) is not None:
            raise _unsupported(parameter)
    age = call.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and age < MAXIMUM_RECORD_AGE_AT_LEAST_SECONDS:
        raise errors.invalid_parameter(
            f"1 validation error detected: Value '{age}' at 'maximumRecordAgeInSeconds' failed to satisfy constraint: "
            f"Member must have value greater than or equal to {MAXIMUM_RECORD_AGE_AT_LEAST_SECONDS}"
        )


def _check_starting_position(call: Call, service: str, source_arn: str) -> None:
    if service not in _STREAMS:
        return
    position = call.get("StartingPosition")
    if not position:
        raise errors.invalid_parameter(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must "
            "not be null."
        )
    if service == "dynamodb" and position == "AT_TIMESTAMP":
        raise errors.invalid_parameter(f"Unsupported starting position for arn type: {source_arn}")


def _check_batch(call: Call, source_arn: str, size: int | None, window: int) -> None:
    if _service(source_arn) != "sqs":
        return
    if source_arn.endswith(".fifo") and window > 0:
        raise errors.invalid_parameter("Batching window is not supported for FIFO queues")
    if size is not None and size > _LARGEST_BATCH_WITHOUT_WINDOW and window == 0:
        raise errors.invalid_parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{_LARGEST_BATCH_WITHOUT_WINDOW}"
        )


def _check_filters(call: Call) -> None:
    filters = call.get("FilterCriteria", {}).get("Filters", [])
    if len(filters) > EVENT_FILTERS_MAXIMUM:
        raise errors.invalid_parameter(
            f"The number of filters exceeds the limit of {EVENT_FILTERS_MAXIMUM} for an event source mapping."
        )
    try:
        FilterCriteria.compile(one.get("Pattern", "") for one in filters)
    except InvalidPattern as problem:
        raise errors.invalid_parameter(str(problem)) from None


def _function(call: Call) -> Version:
    """The version that is to be called."""
    named = call.named()
    found = call.region.functions.get(named.name)
    version = found.resolve(named.qualifier) if found else None
    if version is None:
        raise errors.invalid_parameter("Function does not exist")
    return version


def _current(call: Call, mapping: Mapping) -> Version | None:
    """The version that a mapping calls now; None after it was deleted, which leaves the mapping as it is."""
    found = call.region.functions.get(mapping.function_name)
    return found.resolve(mapping.qualifier) if found else None


async def _check_access(call: Call, source_arn: str, version: Version) -> None:
    """That the event source is there and that the function's role may read it: Lambda polls with the role's rights."""
    source = None
    if source_arn.split(":")[3] == call.region_name:
        source = await call.api.neighbours.event_source(source_arn)
    role = version.configuration.role
    if _service(source_arn) != "sqs":
        await _check_stream(call, source_arn, role, there=source is not None)
        return
    if source is None:
        raise errors.invalid_parameter(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
            "Message: The specified queue does not exist."
        )
    for action in _QUEUE_ACTIONS:
        if not await _may(call, role, f"sqs:{action}", source_arn):
            raise errors.invalid_parameter(
                f"The function execution role does not have permissions to call {action} on SQS"
            )
    visible_after, timeout = source["visibility_timeout"], version.configuration.timeout
    if visible_after < timeout:
        raise errors.invalid_parameter(
            f"Queue visibility timeout: {visible_after} seconds is less than Function timeout: {timeout} seconds"
        )


async def _check_stream(call: Call, source_arn: str, role: str, *, there: bool) -> None:
    if not there:
        raise errors.invalid_parameter(f"Stream not found: {source_arn}")
    service = _service(source_arn)
    actions = _STREAM_ACTIONS[service]
    for action in actions:
        if not await _may(call, role, f"{service}:{action}", source_arn):
            raise errors.invalid_parameter(
                f"Cannot access stream {source_arn}. Please ensure the role can perform the {', '.join(actions[:-1])}, "
                f"and {actions[-1]} Actions on your stream in IAM."
            )
    await check_failure_destination(call, role, Destinations.of(call.get("DestinationConfig", {})))


async def _may(call: Call, role: str, action: str, resource: str) -> bool:
    access = call.api.access
    return access is None or await access.role_allows(role, action, resource)


def _check_not_there(call: Call, source_arn: str, but: Mapping | None = None) -> None:
    named = call.named()
    for mapping in call.region.mappings.values():
        if mapping is not but and (mapping.source_arn, mapping.function_name, mapping.qualifier) == (
            source_arn,
            named.name,
            named.qualifier,
        ):
            of_queue = mapping.service == "sqs"
            raise errors.conflict(
                f'{"An event source mapping with SQS arn" if of_queue else "The event source arn"} (" {source_arn} ") '
                f'and function (" {named.name} ") {"" if of_queue else "provided mapping "}already exists. Please update '
                f"or delete the existing mapping with UUID {mapping.uuid}"
            )
