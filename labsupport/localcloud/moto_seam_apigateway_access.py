"""The part of the seam for API Gateway's authorizers and limits: what moto loses or has otherwise than AWS.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_apigateway_access.py``.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from . import moto_notices

#: API Gateway Developer Guide, "Amazon API Gateway quotas": requests per second and burst of an account, per Region.
ACCOUNT_RATE, ACCOUNT_BURST = 10_000.0, 5_000


_LOG_FORMAT = re.compile(r"\$context\.(?:requestId|extendedRequestId)\b")


def right_authorizers_and_limits() -> None:
    """What of this module is about moto's models."""
    keep_validation_expressions()
    limit_as_the_account_does()
    check_access_logs()


def answer_for_stages() -> None:
    """What of this module is about addresses that moto does not answer at, or wrongly."""
    flush_authorizers()
    export_deployments()


def keep_validation_expressions() -> None:
    """moto 5.2.5 loses ``identityValidationExpression``: it hands it on under a misspelled name."""
    from moto.apigateway.models import Authorizer, RestAPI

    create = RestAPI.create_authorizer

    def create_authorizer(self: RestAPI, *args: Any, **kwargs: Any) -> Authorizer:
        made = create(self, *args, **kwargs)
        made.identity_validation_expression = kwargs.get("identiy_validation_expression")
        return made

    RestAPI.create_authorizer = create_authorizer  # type: ignore[method-assign]


def limit_as_the_account_does() -> None:
    """Any setting of a stage brings the others along. moto's throttling among them is 1,000 and 2,000, AWS's what the
    account has."""
    from moto.apigateway.models import Stage

    defaults = Stage._get_default_method_settings

    def settings(self: Stage) -> dict[str, Any]:
        return defaults(self) | {"throttlingRateLimit": ACCOUNT_RATE, "throttlingBurstLimit": ACCOUNT_BURST}

    Stage._get_default_method_settings = settings  # type: ignore[method-assign]


def check_access_logs() -> None:
    """moto keeps any setting of a log. AWS wants a role that may write logs in the account's settings, and the request's id
    in each line; it takes "add" for "replace", and a log group's ARN with or without the star at its end."""
    from moto.apigateway.exceptions import BadRequestException
    from moto.apigateway.models import APIGatewayBackend, Stage

    update = APIGatewayBackend.update_stage

    def update_stage(
        self: APIGatewayBackend, function_id: str, stage_name: str, patch_operations: list[dict[str, Any]]
    ) -> Stage:
        operations = []
        for operation in patch_operations or []:
            path, value = operation["path"], operation.get("value") or ""
            access_log = path.startswith("/accessLogSettings/") and operation["op"] in ("add", "replace")
            execution_log = path.endswith("/logging/loglevel") and value != "OFF"
            if (access_log or execution_log) and not self.account.cloudwatch_role_arn:
                raise BadRequestException("CloudWatch Logs role ARN must be set in account settings to enable logging")
            if access_log and path.endswith("/format") and not _LOG_FORMAT.search(value):
                raise BadRequestException(
                    "Invalid access log format. The format must contain $context.requestId or $context.extendedRequestId."
                )
            if access_log:
                operation = operation | {"op": "replace", "value": value.removesuffix(":*") if "Arn" in path else value}
            operations.append(operation)
        return update(self, function_id, stage_name, operations)

    APIGatewayBackend.update_stage = update_stage  # type: ignore[method-assign]


def flush_authorizers() -> None:
    """moto has no FlushStageAuthorizersCache: the gateway, which has the cache, is told."""
    from moto.apigateway import urls
    from moto.apigateway.responses import APIGatewayResponse

    def flush_stage_authorizers_cache(self: APIGatewayResponse) -> Any:
        _, _, api_id, _, stage, *_ = self.path.split("/")
        self.backend.get_stage(api_id, stage)  # raises what AWS says when it is not there
        moto_notices.tell("authorizers_flushed", api_id=api_id, stage=stage)
        return 202, {"status": 202}, ""

    APIGatewayResponse.flush_stage_authorizers_cache = flush_stage_authorizers_cache  # type: ignore[attr-defined]
    path = "{0}/restapis/(?P<function_id>[^/]+)/stages/(?P<stage_name>[^/]+)/cache/authorizers/?$"
    urls.url_paths[path] = APIGatewayResponse.dispatch


def export_deployments() -> None:
    """moto's export has no parameters, models or security, is Swagger whatever is asked for, and is of the API as it is
    now: AWS's is of what the stage has deployed."""
    from moto.apigateway.exceptions import BadRequestException
    from moto.apigateway.responses import APIGatewayResponse

    from .gateway.rest.openapi import OAS30, SWAGGER, Exported, export

    def get_export(self: APIGatewayResponse) -> Any:
        _, _, api_id, _, stage_name, _, kind, *_ = self.path.split("/")
        if kind not in (OAS30, SWAGGER):
            raise BadRequestException(f"No API exporter for type '{kind}'")
        stage = self.backend.get_stage(api_id, stage_name)
        api = self.backend.get_rest_api(api_id)
        deployment: Any = api.deployments[stage.deployment_id or ""]
        made = time.gmtime(api.create_date)
        wanted = (self._get_param("extensions") or "").split(",")
        exported = Exported(
            api_id=api_id,
            region=self.region,
            name=api.name or "",
            description=api.description or "",
            stage=stage_name,
            version=time.strftime("%Y-%m-%dT%H:%M:%SZ", made),
            document=deployment.labsupport_snapshot,
            integrations="integrations" in wanted or "apigateway" in wanted,
            authorizers="authorizers" in wanted or "apigateway" in wanted,
        )
        document = export(exported, kind)
        if "yaml" in (self.headers.get("Accept") or ""):
            import yaml

            text, ending = yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "yaml"
        else:
            text, ending = json.dumps(document, indent=2, ensure_ascii=False), "json"
        date = time.strftime("%Y%m%d%H%M%S", made)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{kind}_{date}.{ending}"',
        }
        return 200, headers, text.encode()

    APIGatewayResponse.get_export = get_export  # type: ignore[method-assign]
