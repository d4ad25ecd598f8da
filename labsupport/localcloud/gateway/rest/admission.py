"""Two more steps of a request: whether its key and the limits of plan and stage let it through, and whether it is valid."""

from __future__ import annotations

import asyncio
import time

from .errors import GatewayError
from .exchange import Exchange
from .throttling import Buckets, Throttle
from .usage_plans import KeyRefused, LimitExceeded, TooManyRequests, UsageMeter
from .validation import LONG_BODY_BYTES, BadBody, BadParameters, check_body, check_parameters, model_for

_ALL_METHODS = "*/*"


class Limits:
    """API keys with their usage plans, then the throttling of the stage. One per cloud."""

    def __init__(self) -> None:
        self.meter = UsageMeter(time.monotonic)
        self._buckets = Buckets()

    async def __call__(self, exchange: Exchange) -> None:
        """Raises GatewayError."""
        api, stage = exchange.api, exchange.stage
        method = f"{exchange.resource.path}/{exchange.request.method}"
        if exchange.method.api_key_required:
            by_authorizer = stage.deployment.api_key_source == "AUTHORIZER"
            value = exchange.usage_key if by_authorizer else exchange.request.header("X-Api-Key")
            try:
                admission = self.meter.admit(api.usage_plans, api.identifier, stage.name, method, value)
            except KeyRefused:
                raise GatewayError("INVALID_API_KEY") from None
            except TooManyRequests:
                raise GatewayError("THROTTLED") from None
            except LimitExceeded:
                raise GatewayError("QUOTA_EXCEEDED") from None
            exchange.identity |= {"apiKey": admission.key.value, "apiKeyId": admission.key.id}
        settings = stage.settings.get("methodSettings") or {}
        if settings and not self._of_stage(exchange, settings, method):
            raise GatewayError("THROTTLED")

    def _of_stage(self, exchange: Exchange, settings: dict[str, dict[str, object]], method: str) -> bool:
        """Every method has a bucket of its own, also under limits that are for all methods."""
        by_path = {key.replace("~1", "/").replace("~0", "~").strip("/"): value for key, value in settings.items()}
        chosen = by_path.get(method.strip("/")) or by_path.get(_ALL_METHODS)
        if not chosen:
            return True
        throttle = Throttle.from_wire(
            {"rateLimit": chosen.get("throttlingRateLimit"), "burstLimit": chosen.get("throttlingBurstLimit")}
        )
        name = (exchange.api.region, exchange.api.identifier, exchange.stage.name, method)
        return self._buckets.take(name, throttle, time.monotonic())


async def validate(exchange: Exchange) -> None:
    """What the method's request validator asks for. Raises GatewayError."""
    deployment, method = exchange.stage.deployment, exchange.method
    validator = deployment.validators.get(method.request_validator_id or "")
    if validator is None:
        return
    if validator.parameters:
        try:
            check_parameters(method.request_parameters, exchange.request, exchange.path_parameters)
        except BadParameters as problem:
            raise GatewayError("BAD_REQUEST_PARAMETERS", str(problem)) from None
    name = model_for(method.request_models, exchange.request.header("Content-Type"))
    if validator.body and name:
        models, body = deployment.models, exchange.request.body
        try:
            if len(body) > LONG_BODY_BYTES:
                await asyncio.to_thread(check_body, models, name, body)
            else:
                check_body(models, name, body)
        except BadBody as problem:
            raise GatewayError("BAD_REQUEST_BODY", context={"validationErrorString": str(problem)}) from None
