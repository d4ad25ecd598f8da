"""What a request asks of IAM: its actions, resources and condition keys. Use ``ask``; one file per group of services.

Source: Service Authorization Reference, the page of each service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..evaluation import Question
from ..request import AwsRequest
from . import dynamodb, functions, generic, identity, messaging, operations, s3
from .facts import Facts, Lookup

__all__ = ["Facts", "Lookup", "ask"]

_Asker = Callable[[AwsRequest, Lookup], Awaitable[list[Question]]]

_SERVICES: dict[str, _Asker] = {
    "dynamodb": dynamodb.ask,
    "events": messaging.ask_events,
    "iam": identity.ask_iam,
    "kms": operations.ask_kms,
    "lambda": functions.ask,
    "logs": operations.ask_logs,
    "s3": s3.ask,
    "secretsmanager": operations.ask_secrets,
    "sns": messaging.ask_sns,
    "sqs": messaging.ask_sqs,
    "ssm": operations.ask_parameters,
    "sts": identity.ask_sts,
}


async def ask(request: AwsRequest, lookup: Lookup) -> list[Question]:
    """All questions of a request, in the order AWS answers them; the first denied one is the one it names. No question
    means that everybody may call (GetCallerIdentity)."""
    return await _SERVICES.get(request.service, generic.ask)(request, lookup)
