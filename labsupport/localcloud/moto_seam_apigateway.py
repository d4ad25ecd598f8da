"""The part of the seam for API Gateway: moto keeps the configuration of APIs, the gateway in the front door's process
answers at them. It asks for a whole API at once (``api``) and is told when any API changes.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_apigateway.py``.
"""

from __future__ import annotations

import copy
import sys
import threading
from typing import Any

from . import moto_notices

_ACCOUNT = "123456789012"
_READING = ("get_", "list_", "describe_", "export_")
_lock = threading.RLock()


def keep_rest_apis() -> None:
    """Make moto 5.2.5 keep what a deployment is: a copy of the API as it was. Its deployments are names only, its
    stages show changes at once, and it registers a mock of each URL with a library that no server uses."""
    from moto.apigateway.models import APIGatewayBackend, RestAPI

    from . import moto_seam_apigateway_access, moto_seam_apigateway_api

    moto_seam_apigateway_api.right_rest_apis()
    moto_seam_apigateway_api.right_resources()
    moto_seam_apigateway_api.right_methods()
    moto_seam_apigateway_api.right_integrations()
    moto_seam_apigateway_api.right_deployments()
    moto_seam_apigateway_access.right_authorizers_and_limits()
    RestAPI.update_integration_mocks = lambda self, stage_name: None  # type: ignore[method-assign]
    create = RestAPI.create_deployment

    def create_deployment(self: RestAPI, name: str, description: str, stage_variables: Any = None) -> Any:
        with _lock:
            deployment = create(self, name, description, stage_variables)
            deployment.labsupport_snapshot = copy.deepcopy(rest_document(self))  # type: ignore[attr-defined]
        return deployment

    RestAPI.create_deployment = create_deployment  # type: ignore[method-assign]
    _tell_of_changes(APIGatewayBackend)


def keep_http_apis() -> None:
    """Tell of changes of HTTP APIs."""
    from moto.apigatewayv2.models import ApiGatewayV2Backend

    _tell_of_changes(ApiGatewayV2Backend)


def _tell_of_changes(backend: type) -> None:
    """Whoever changes an API, a request or a CloudFormation stack, calls one of these methods."""

    def telling(original: Any) -> Any:
        def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return original(self, *args, **kwargs)
            finally:  # also after an error: part of it may be done
                moto_notices.tell("apis_changed")

        return changed

    for name, method in list(vars(backend).items()):
        if callable(method) and not name.startswith(("_", *_READING)):
            setattr(backend, name, telling(method))


def api(api_id: str, region: str | None = None) -> dict[str, Any] | None:
    """The whole API of this id, in ``region`` or in whichever has it; None when there is none.

    ``kind`` is "rest" or what apigatewayv2 has as ``protocolType``, in lower case. The rest are documents as the AWS
    APIs show them; of a REST API's deployments only those that a stage points to.
    """
    for module, build in (("moto.apigateway.models", _rest_api), ("moto.apigatewayv2.models", _v2_api)):
        models = sys.modules.get(module)
        if models is None:
            continue  # nobody has made such an API yet
        backends = getattr(models, "apigateway_backends" if "v2" not in module else "apigatewayv2_backends")[_ACCOUNT]
        for name, backend in list(backends.items()):
            if region in (None, name) and api_id in backend.apis:
                return {"id": api_id, "region": name, "account": _ACCOUNT} | build(backend, backend.apis[api_id])
    return None


def rest_api_now(api_id: str, region: str) -> dict[str, Any] | None:
    """What a deployment of a REST API would be if it were made now: for TestInvokeMethod."""
    models = sys.modules.get("moto.apigateway.models")
    backend = models.apigateway_backends[_ACCOUNT][region] if models else None
    return rest_document(backend.apis[api_id]) if backend and api_id in backend.apis else None


def rest_document(rest_api: Any) -> dict[str, Any]:
    """Everything of a REST API that a deployment takes along."""
    return {
        "resources": [resource.to_dict() for resource in list(rest_api.resources.values())],
        "authorizers": [authorizer.to_json() for authorizer in list(rest_api.authorizers.values())],
        "models": [model.to_json() for model in list(rest_api.models.values())],
        "requestValidators": [validator.to_dict() for validator in list(rest_api.request_validators.values())],
        "gatewayResponses": [response.to_json() for response in list(rest_api.gateway_responses.values())],
        "binaryMediaTypes": list(rest_api.binaryMediaTypes),
        "minimumCompressionSize": rest_api.minimum_compression_size,
        "apiKeySource": rest_api.api_key_source,
        "policy": rest_api.policy,
    }


def _rest_api(backend: Any, rest_api: Any) -> dict[str, Any]:
    with _lock:
        used = {stage.deployment_id for stage in rest_api.stages.values()}
        deployments = {
            identifier: deployment.labsupport_snapshot
            for identifier, deployment in rest_api.deployments.items()
            if identifier in used
        }
        return {
            "kind": "rest",
            "api": rest_api.to_dict(),
            "stages": {name: stage.to_json() for name, stage in rest_api.stages.items()},
            "deployments": deployments,
            "usagePlans": [
                plan.to_json()
                | {
                    "keys": [
                        backend.keys[key].to_json()
                        for key in backend.usage_plan_keys.get(plan.id, {})
                        if key in backend.keys
                    ]
                }
                for plan in backend.usage_plans.values()
                if any(stage.get("apiId") == rest_api.id for stage in plan.api_stages)
            ],
        }


def _v2_api(backend: Any, found: Any) -> dict[str, Any]:
    from . import moto_seam_http_apis

    return {
        "kind": str(found.protocol_type).lower(),
        "api": found.to_json(),
        "stages": {name: stage.to_json() for name, stage in found.stages.items()},
        "deployments": moto_seam_http_apis.deployed(found),
    } | moto_seam_http_apis.routes_now(found)
