"""AWS's figures (limits, defaults, prices), each with the page it comes from and the day it was looked up.

The lessons and the exercises take every figure from here. A lesson's source writes ``{{ facts.NAME }}``, and the
builder puts ``text`` in its place.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from types import MappingProxyType

_QUOTAS = ("Lambda quotas", "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html")
_TIMEOUT = (
    "Configure Lambda function timeout",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",
)
_MEMORY = ("Configure Lambda function memory", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html")
_INVOKE = ("Invoke", "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html")
_CREATE = ("CreateFunction", "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html")
_STORAGE = ("EphemeralStorage", "https://docs.aws.amazon.com/lambda/latest/api/API_EphemeralStorage.html")
_LIFECYCLE = (
    "Understanding the Lambda execution environment lifecycle",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
_LOGS = (
    "Sending Lambda function logs to CloudWatch Logs",
    "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
)
_ASYNCHRONOUS = (
    "How Lambda handles errors and retries with asynchronous invocation",
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html",
)
_PYTHON = ("Building Lambda functions with Python", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html")
_UNITS = (
    "DynamoDB read and write operations",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html",
)
_TABLE_QUOTAS = (
    "Quotas in Amazon DynamoDB",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
)
_QUERY = ("Query", "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html")
_BATCH_WRITE = (
    "BatchWriteItem",
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html",
)
_TRANSACTIONS = (
    "TransactWriteItems",
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html",
)
_TTL = (
    "Using time to live (TTL) in DynamoDB",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html",
)
_STREAM_PARAMETERS = (
    "Lambda parameters for Amazon DynamoDB event source mappings",
    "https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html",
)
_QUEUE_QUOTAS = (
    "Amazon SQS message quotas",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
)
_QUEUE_MAPPING = (
    "Creating and configuring an Amazon SQS event source mapping",
    "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
)
_QUEUE_PARAMETERS = (
    "Lambda parameters for Amazon SQS event source mappings",
    "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html",
)
_QUEUE_SCALING = (
    "Configuring scaling behavior for SQS event source mappings",
    "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
)
_FIFO_DEDUPLICATION = (
    "Exactly-once processing in Amazon SQS",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html",
)
_LAYERS = ("Adding layers to functions", "https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html")
_RECURSION = (
    "Use Lambda recursive loop detection to prevent infinite loops",
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",
)
_S3_EVENTS = (
    "Amazon S3 Event Notifications",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html",
)
_PRICING = ("AWS Lambda Pricing", "https://aws.amazon.com/lambda/pricing/")
_S3_PRICING = ("Amazon S3 pricing", "https://aws.amazon.com/s3/pricing/")
_DYNAMODB_PRICING = (
    "Pricing for On-Demand Capacity for Amazon DynamoDB",
    "https://aws.amazon.com/dynamodb/pricing/on-demand/",
)
_API_QUOTAS = (
    "Quotas for configuring and running a REST API in API Gateway",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
)
_AUTHORIZER = ("CreateAuthorizer", "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html")
_API_PRICING = ("Amazon API Gateway Pricing", "https://aws.amazon.com/api-gateway/pricing/")
_SQS_PRICING = ("Amazon SQS pricing", "https://aws.amazon.com/sqs/pricing/")
_SNS_PRICING = ("Amazon SNS pricing", "https://aws.amazon.com/sns/pricing/")
_EVENTBRIDGE_PRICING = ("Amazon EventBridge pricing", "https://aws.amazon.com/eventbridge/pricing/")
_CLOUDWATCH_PRICING = ("Amazon CloudWatch Pricing", "https://aws.amazon.com/cloudwatch/pricing/")

#: The day the pages of version 0.1 were read.
_FIRST_LOOK = datetime.date(2026, 11, 25)


@dataclass(frozen=True)
class Fact:
    """One figure. ``text`` is what a lesson shows; ``value`` is what code calculates with, in ``unit``."""

    name: str
    value: int | float | str
    unit: str
    text: str
    source: str
    url: str
    looked_up: datetime.date

    def __str__(self) -> str:
        return self.text


def _fact(name: str, value: int | float | str, unit: str, text: str, page: tuple[str, str]) -> Fact:
    return Fact(name, value, unit, text, *page, looked_up=_FIRST_LOOK)


_ALL = (
    # The runtime the course deploys with. One place, because AWS retires runtimes.
    _fact("python_runtime", "python3.13", "runtime identifier", "python3.13", _PYTHON),
    _fact("function_timeout_default", 3, "seconds", "3 seconds", _TIMEOUT),
    _fact("function_timeout_maximum", 900, "seconds", "900 seconds (15 minutes)", _TIMEOUT),
    _fact("function_memory_default", 128, "MB", "128 MB", _CREATE),
    _fact("function_memory_minimum", 128, "MB", "128 MB", _MEMORY),
    _fact("function_memory_maximum", 10_240, "MB", "10,240 MB", _MEMORY),
    # With so much memory a function has the equivalent of one virtual processor.
    _fact("memory_of_one_processor", 1_769, "MB", "1,769 MB", _MEMORY),
    _fact("function_name_maximum", 64, "characters", "64 characters", _CREATE),
    _fact("synchronous_payload_maximum", 6, "MB", "6 MB", _INVOKE),
    _fact("asynchronous_payload_maximum", 1, "MB", "1 MB", _INVOKE),
    _fact("asynchronous_retries_default", 2, "retries", "2", _ASYNCHRONOUS),
    _fact("asynchronous_first_retry_wait", 1, "minutes", "1 minute", _ASYNCHRONOUS),
    _fact("asynchronous_second_retry_wait", 2, "minutes", "2 minutes", _ASYNCHRONOUS),
    _fact("asynchronous_event_age_maximum", 6, "hours", "6 hours", _ASYNCHRONOUS),
    _fact("log_tail_maximum", 4, "KB", "4 KB", _INVOKE),
    _fact("zip_upload_maximum", 50, "MB", "50 MB", _QUOTAS),
    _fact("unzipped_package_maximum", 250, "MB", "250 MB", _QUOTAS),
    _fact("layers_maximum", 5, "layers", "5 layers", _LAYERS),
    # AWS says "approximately 16 times".
    _fact("recursive_loop_runs", 16, "invocations", "16", _RECURSION),
    _fact("s3_event_delay", "seconds", "time", "within seconds, sometimes after a minute or longer", _S3_EVENTS),
    _fact("environment_variables_maximum", 4, "KB", "4 KB", _QUOTAS),
    _fact("tmp_storage_default", 512, "MB", "512 MB", _STORAGE),
    _fact("tmp_storage_maximum", 10_240, "MB", "10,240 MB", _STORAGE),
    _fact("init_phase_maximum", 10, "seconds", "10 seconds", _LIFECYCLE),
    _fact("log_delay", 10, "minutes", "5 to 10 minutes", _LOGS),
    _fact("billing_step", 1, "milliseconds", "1 millisecond", _PRICING),
    _fact("free_requests", 1_000_000, "requests a month", "1 million requests a month", _PRICING),
    _fact("free_gb_seconds", 400_000, "GB-seconds a month", "400,000 GB-seconds a month", _PRICING),
    _fact("dynamodb_item_maximum", 400, "KB", "400 KB", _TABLE_QUOTAS),
    # One read unit is a strongly consistent read of so much; an eventually consistent one takes half a unit.
    _fact("dynamodb_read_unit_size", 4, "KB", "4 KB", _UNITS),
    _fact("dynamodb_write_unit_size", 1, "KB", "1 KB", _UNITS),
    _fact("dynamodb_page_maximum", 1, "MB", "1 MB", _QUERY),
    _fact("dynamodb_batch_write_maximum", 25, "items in a request", "25", _BATCH_WRITE),
    _fact("dynamodb_transaction_maximum", 100, "actions in a transaction", "100", _TRANSACTIONS),
    _fact("dynamodb_ttl_delay", "a few days", "after expiration", "a few days", _TTL),
    _fact("dynamodb_stream_retention", 24, "hours", "24 hours", _STREAM_PARAMETERS),
    _fact("sqs_batch_request_maximum", 10, "messages in a request", "10", _QUEUE_QUOTAS),
    _fact("sqs_message_maximum", 1, "MiB", "1 MiB", _QUEUE_QUOTAS),
    _fact("sqs_retention_default", 4, "days", "4 days", _QUEUE_QUOTAS),
    _fact("sqs_visibility_default", 30, "seconds", "30 seconds", _QUEUE_QUOTAS),
    # Of the function's timeout, at least.
    _fact("sqs_visibility_factor", 6, "times the function's timeout", "6 times", _QUEUE_MAPPING),
    # With a batching window; without one a batch has 10 messages at most.
    _fact("sqs_batch_maximum", 10_000, "messages in a batch", "10,000", _QUEUE_PARAMETERS),
    _fact("sqs_first_batches", 5, "batches at a time", "5", _QUEUE_SCALING),
    _fact("sqs_deduplication_interval", "five minutes", "after the first", "five minutes", _FIFO_DEDUPLICATION),
    _fact("api_payload_maximum", 10, "MB", "10 MB", _API_QUOTAS),
    _fact("api_integration_timeout", 29, "seconds", "29 seconds", _API_QUOTAS),
    _fact("api_authorizer_ttl_default", 300, "seconds", "300 seconds", _AUTHORIZER),
    # All prices: US East (N. Virginia), first tier; compared with AWS's Price List of September 2026.
    _fact("price_per_million_requests", 0.20, "US dollars per million requests", "0.20", _PRICING),
    _fact("price_per_gb_second", 0.0000166667, "US dollars per GB-second, x86", "0.0000166667", _PRICING),
    _fact("price_per_gb_second_arm", 0.0000133334, "US dollars per GB-second, Arm", "0.0000133334", _PRICING),
    _fact("price_s3_put", 0.005, "US dollars per 1,000 PUT, COPY, POST or LIST requests", "0.005", _S3_PRICING),
    _fact("price_s3_get", 0.0004, "US dollars per 1,000 GET and other requests", "0.0004", _S3_PRICING),
    _fact("price_s3_gb_month", 0.023, "US dollars per GB and month, S3 Standard", "0.023", _S3_PRICING),
    _fact("price_dynamodb_write", 0.625, "US dollars per million write request units", "0.625", _DYNAMODB_PRICING),
    _fact("price_dynamodb_read", 0.125, "US dollars per million read request units", "0.125", _DYNAMODB_PRICING),
    _fact("price_dynamodb_gb_month", 0.25, "US dollars per GB and month, Standard", "0.25", _DYNAMODB_PRICING),
    _fact("free_dynamodb_gb", 25, "GB stored", "25 GB stored", _DYNAMODB_PRICING),
    _fact("price_sqs_standard", 0.40, "US dollars per million requests, standard queue", "0.40", _SQS_PRICING),
    _fact("price_sqs_fifo", 0.50, "US dollars per million requests, FIFO queue", "0.50", _SQS_PRICING),
    _fact("free_sqs_requests", 1_000_000, "requests a month", "1 million requests a month", _SQS_PRICING),
    # SQS, SNS and EventBridge count a request once for every started 64 KB of its payload.
    _fact("billed_chunk", 64, "KB", "64 KB", _SQS_PRICING),
    _fact("price_rest_api", 3.50, "US dollars per million requests, REST API", "3.50", _API_PRICING),
    _fact("price_sns_publish", 0.50, "US dollars per million requests, standard topic", "0.50", _SNS_PRICING),
    _fact("free_sns_requests", 1_000_000, "requests a month", "1 million requests a month", _SNS_PRICING),
    _fact("price_eventbridge_event", 1.00, "US dollars per million custom events", "1.00", _EVENTBRIDGE_PRICING),
    _fact("price_logs_gb", 0.50, "US dollars per GB of log taken in", "0.50", _CLOUDWATCH_PRICING),
    _fact("free_logs_gb", 5, "GB a month", "5 GB a month", _CLOUDWATCH_PRICING),
)

#: Every fact by its name.
FACTS = MappingProxyType({fact.name: fact for fact in _ALL})


def fact(name: str) -> Fact:
    """The fact of this name. Raises KeyError with a line that lists the names."""
    try:
        return FACTS[name]
    except KeyError:
        raise KeyError(f"There is no fact {name!r}. There is: {', '.join(FACTS)}.") from None
