"""The part of the seam that rights what moto keeps of REST APIs: what AWS refuses, and changes that moto cannot make.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_apigateway_api.py``.
Sources: API Gateway REST API Reference; the wording is that of AWS's own answers.
"""

from __future__ import annotations

import re
import threading
from typing import Any

from moto.apigateway.exceptions import BadRequestException, ConflictException, NotFoundException
from moto.apigateway.models import APIGatewayBackend, Resource, RestAPI, Stage

#: API Gateway Developer Guide, "Amazon API Gateway quotas": integration timeout.
_TIMEOUT_MILLISECONDS = range(50, 29_001)
_ARN = re.compile(r"arn:[a-zA-Z-]+:")
_INTEGRATION_ARN = re.compile(r"arn:[a-zA-Z-]+:apigateway:[a-zA-Z0-9-]+:[a-zA-Z0-9-.]+:(path|action)/")
_PROXY_ARN = re.compile(r"arn:[a-zA-Z-]+:apigateway:[a-zA-Z0-9-]+:(lambda|firehose):")
#: An import of an OpenAPI document goes through paths that may be there already.
_importing = threading.local()


class _NotFound(NotFoundException):
    code = 404


def right_rest_apis() -> None:
    """moto 5.2.5 patches binaryMediaTypes by value, not by path, and answers a missing API with its own words or a
    failure."""

    def get_rest_api(self: APIGatewayBackend, function_id: str) -> RestAPI:
        if function_id not in self.apis:
            raise _NotFound(f"Invalid API identifier specified {self.account_id}:{function_id}")
        return self.apis[function_id]

    def delete_rest_api(self: APIGatewayBackend, function_id: str) -> RestAPI:
        found = self.get_rest_api(function_id)
        del self.apis[function_id]
        return found

    def update_rest_api(self: APIGatewayBackend, function_id: str, patch_operations: list[dict[str, Any]]) -> RestAPI:
        found = self.get_rest_api(function_id)
        found.apply_patch_operations(patch_operations)
        return found

    patch = RestAPI.apply_patch_operations

    def apply_patch_operations(self: RestAPI, patch_operations: list[dict[str, Any]]) -> None:
        for operation in patch_operations:
            if not operation["path"].startswith("/binaryMediaTypes"):
                patch(self, [operation])
                if operation["path"] == "/disableExecuteApiEndpoint":  # moto takes the word "false" for true
                    self.disableExecuteApiEndpoint = operation.get("value") == "true"
                if operation["path"] == "/minimumCompressionSize":
                    self.minimum_compression_size = int(operation["value"]) if operation.get("value") else None
                continue
            name = _unescaped(operation["path"].removeprefix("/binaryMediaTypes").lstrip("/"))
            if not name:
                raise BadRequestException("Invalid patch path /binaryMediaTypes")
            self.binaryMediaTypes = [kind for kind in self.binaryMediaTypes if kind != name]
            if operation["op"] == "add":
                self.binaryMediaTypes.append(name)
            elif operation["op"] == "replace":
                self.binaryMediaTypes.append(_unescaped(operation["value"]))

    target: Any = APIGatewayBackend
    target.get_rest_api = get_rest_api
    target.delete_rest_api = delete_rest_api
    target.update_rest_api = update_rest_api
    RestAPI.apply_patch_operations = apply_patch_operations  # type: ignore[method-assign]


def right_resources() -> None:
    """moto 5.2.5 lets resources have the same name, two variables side by side and children below a greedy variable,
    keeps the children of a deleted resource and cannot change one."""
    make, import_into = APIGatewayBackend.create_resource, APIGatewayBackend.put_rest_api

    def put_rest_api(self: APIGatewayBackend, *args: Any, **more: Any) -> RestAPI:
        _importing.active = True
        try:
            return import_into(self, *args, **more)
        finally:
            _importing.active = False

    def get_resource(self: APIGatewayBackend, function_id: str, resource_id: str) -> Resource:
        found = self.get_rest_api(function_id).resources.get(resource_id)
        if found is None:
            raise _NotFound("Invalid Resource identifier specified")
        return found

    def create_resource(self: APIGatewayBackend, function_id: str, parent_resource_id: str, path_part: str) -> Resource:
        if path_part and getattr(_importing, "active", False):
            for other in self.get_rest_api(function_id).resources.values():
                if other.parent_id == parent_resource_id and other.path_part == path_part:
                    return other
        if path_part:
            _check_place(self, function_id, parent_resource_id, path_part)
        return make(self, function_id, parent_resource_id, path_part)

    def delete_resource(self: APIGatewayBackend, function_id: str, resource_id: str) -> Resource:
        found = self.get_resource(function_id, resource_id)
        api = self.get_rest_api(function_id)
        doomed = [resource_id]
        for parent in doomed:
            doomed += [child.id for child in api.resources.values() if child.parent_id == parent]
        for identifier in reversed(doomed):
            api.resources.pop(identifier)
        return found

    def update_resource(
        self: APIGatewayBackend, function_id: str, resource_id: str, operations: list[dict[str, Any]]
    ) -> Resource:
        found = self.get_resource(function_id, resource_id)
        for operation in operations:
            op, path, value = operation["op"], operation["path"], operation.get("value", "")
            if op != "replace":
                raise BadRequestException(
                    f"Invalid patch path  '{path}' specified for op '{op}'. Please choose supported operations"
                )
            if path == "/pathPart":
                _check_place(self, function_id, found.parent_id or "", value, found)
                found.path_part = value
            elif path == "/parentId":
                above = self.get_resource(function_id, value)
                while above.parent_id:
                    if above is found:
                        raise BadRequestException("Resources cannot be cyclical.")
                    above = self.get_resource(function_id, above.parent_id)
                _check_place(self, function_id, value, found.path_part, found)
                found.parent_id = value
            else:
                raise BadRequestException(
                    f"Invalid patch path  '{path}' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"
                )
        return found

    target: Any = APIGatewayBackend
    target.get_resource = get_resource
    target.create_resource = create_resource
    target.put_rest_api = put_rest_api
    target.delete_resource = delete_resource
    target.update_resource = update_resource


def _check_place(
    backend: APIGatewayBackend, api: str, parent_id: str, path_part: str, moved: Resource | None = None
) -> None:
    parent = backend.get_resource(api, parent_id)
    if parent.path_part.endswith("+}"):
        raise BadRequestException(
            f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}"
        )
    for other in backend.get_rest_api(api).resources.values():
        if other.parent_id != parent_id or other is moved:
            continue
        if other.path_part == path_part:
            raise ConflictException(f"Another resource with the same parent already has this name: {path_part}")
        if path_part.startswith("{") and other.path_part.startswith("{"):
            raise BadRequestException(
                f"A sibling ({other.path_part}) of this resource already has a variable path part -- only one is allowed"
            )


def right_methods() -> None:
    """moto 5.2.5 cannot change a method, and deletes one that is not there."""
    remove = APIGatewayBackend.delete_method

    def delete_method(self: APIGatewayBackend, function_id: str, resource_id: str, method_type: str) -> None:
        self.get_method(function_id, resource_id, method_type)
        remove(self, function_id, resource_id, method_type)

    def update_method(
        self: APIGatewayBackend, function_id: str, resource_id: str, method_type: str, operations: list[dict[str, Any]]
    ) -> Any:
        method = self.get_method(function_id, resource_id, method_type)
        _patch(
            method,
            operations,
            {
                "/authorizationType": ("authorization_type", str),
                "/authorizerId": ("authorizer_id", str),
                "/apiKeyRequired": ("api_key_required", _boolean),
                "/operationName": ("operation_name", str),
                "/requestValidatorId": ("request_validator_id", lambda value: value or None),
            },
            {"/requestParameters": ("request_parameters", _boolean), "/requestModels": ("request_models", str)},
        )
        return method

    target: Any = APIGatewayBackend
    target.delete_method = delete_method
    target.update_method = update_method


def right_integrations() -> None:
    """moto 5.2.5 checks less of an integration, shows none of AWS's defaults, answers one that is missing with nothing and
    cannot change one."""
    put = APIGatewayBackend.put_integration
    get = APIGatewayBackend.get_integration

    def put_integration(
        self: APIGatewayBackend,
        function_id: str,
        resource_id: str,
        method_type: str,
        integration_type: str,
        uri: str | None = None,
        integration_method: str | None = None,
        **settings: Any,
    ) -> Any:
        _check_integration(integration_type, uri, integration_method, settings.get("timeout_in_millis"))
        settings["passthrough_behavior"] = settings.get("passthrough_behavior") or "WHEN_NO_MATCH"
        settings["timeout_in_millis"] = int(settings.get("timeout_in_millis") or _TIMEOUT_MILLISECONDS[-1])
        settings["cache_namespace"] = settings.get("cache_namespace") or resource_id
        return put(
            self,
            function_id,
            resource_id,
            method_type,
            integration_type,
            uri or "",
            integration_method=integration_method or "",
            **settings,
        )

    def get_integration(self: APIGatewayBackend, function_id: str, resource_id: str, method_type: str) -> Any:
        found = get(self, function_id, resource_id, method_type)
        if found is None:
            raise _NotFound("Invalid Integration identifier specified")
        return found

    def update_integration(
        self: APIGatewayBackend, function_id: str, resource_id: str, method_type: str, operations: list[dict[str, Any]]
    ) -> Any:
        found = self.get_integration(function_id, resource_id, method_type)
        _patch(
            found,
            operations,
            {
                "/uri": ("uri", str),
                "/httpMethod": ("http_method", str),
                "/timeoutInMillis": ("timeout_in_millis", _timeout),
                "/credentials": ("credentials", lambda value: value or None),
                "/passthroughBehavior": ("passthrough_behaviour", str),
                "/contentHandling": ("content_handling", lambda value: value or None),
                "/type": ("integration_type", str),
            },
            {"/requestTemplates": ("request_templates", str), "/requestParameters": ("request_parameters", str)},
        )
        return found

    def update_integration_response(
        self: APIGatewayBackend, function_id: str, resource_id: str, method_type: str, status: str, operations: Any
    ) -> Any:
        found = self.get_integration_response(function_id, resource_id, method_type, status)
        _patch(
            found,
            operations,
            {"/selectionPattern": ("selection_pattern", str), "/contentHandling": ("content_handling", str)},
            {"/responseTemplates": ("response_templates", str), "/responseParameters": ("response_parameters", str)},
        )
        return found

    target: Any = APIGatewayBackend
    target.put_integration = put_integration
    target.get_integration = get_integration
    target.update_integration = update_integration
    target.update_integration_response = update_integration_response


def _check_integration(kind: str, uri: str | None, http_method: str | None, timeout: Any) -> None:
    if kind != "MOCK" and not http_method:
        raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
    if timeout is not None:
        _timeout(timeout)
    if kind in ("AWS", "AWS_PROXY"):
        if not _ARN.match(uri or ""):
            raise BadRequestException("Invalid ARN specified in the request")
        if not _INTEGRATION_ARN.match(uri or ""):
            raise BadRequestException("AWS ARN for integration must contain path or action")
    if kind == "AWS_PROXY" and not _PROXY_ARN.match(uri or ""):
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )


def _timeout(value: Any) -> int:
    if int(value) not in _TIMEOUT_MILLISECONDS:
        raise BadRequestException("Timeout should be between 50 ms and 29000 ms")
    return int(value)


def right_deployments() -> None:
    """moto 5.2.5 deploys methods without an integration, makes a stage anew when it is deployed to, deletes a deployment
    that a stage shows, and makes stages of deployments that are not there."""
    deploy, make_stage = APIGatewayBackend.create_deployment, APIGatewayBackend.create_stage

    def create_deployment(
        self: APIGatewayBackend, function_id: str, name: str, description: str = "", stage_variables: Any = None
    ) -> Any:
        api = self.get_rest_api(function_id)
        methods = [method for resource in api.resources.values() for method in resource.resource_methods.values()]
        if not methods:
            raise BadRequestException("The REST API doesn't contain any methods")
        if any(method.method_integration is None for method in methods):
            raise BadRequestException("No integration defined for method")
        before = api.stages.get(name)
        made = deploy(self, function_id, name, description, stage_variables)
        if before is not None:
            before.deployment_id = made.id
            before.variables = {**before.variables, **(stage_variables or {})}
            api.stages[name] = before
        return made

    def get_deployment(self: APIGatewayBackend, function_id: str, deployment_id: str) -> Any:
        found = self.get_rest_api(function_id).deployments.get(deployment_id)
        if found is None:
            raise _NotFound("Invalid Deployment identifier specified")
        return found

    def delete_deployment(self: APIGatewayBackend, function_id: str, deployment_id: str) -> Any:
        found = self.get_deployment(function_id, deployment_id)
        api = self.get_rest_api(function_id)
        if any(stage.deployment_id == deployment_id for stage in api.stages.values()):
            raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
        del api.deployments[deployment_id]
        return found

    def create_stage(self: APIGatewayBackend, function_id: str, stage_name: str, deploymentId: str, **more: Any) -> Any:  # noqa: N803
        if deploymentId not in self.get_rest_api(function_id).deployments:
            raise BadRequestException("Deployment id does not exist")
        return make_stage(self, function_id, stage_name, deploymentId, **more)

    def apply_operation_to_variables(self: Stage, op: dict[str, Any]) -> None:
        name = op["path"].partition("variables/")[2]
        if op["op"] == "remove":
            self.variables.pop(name, None)
        else:
            self.variables[name] = op["value"]

    target: Any = APIGatewayBackend
    target.create_deployment = create_deployment
    target.get_deployment = get_deployment
    target.delete_deployment = delete_deployment
    target.create_stage = create_stage
    Stage._apply_operation_to_variables = apply_operation_to_variables  # type: ignore[method-assign]


def _patch(
    thing: Any,
    operations: list[dict[str, Any]],
    fields: dict[str, tuple[str, Any]],
    maps: dict[str, tuple[str, Any]],
) -> None:
    """Do patch operations on attributes: ``fields`` by their path, and single entries of ``maps`` by what follows it."""
    for operation in operations:
        op, path, value = operation["op"], operation["path"], operation.get("value") or ""
        if path in fields:
            attribute, convert = fields[path]
            if op != "replace":
                raise BadRequestException("Invalid patch operation specified. Must be one of: [replace]")
            setattr(thing, attribute, convert(value))
            continue
        prefix, _, name = path[1:].partition("/")
        if f"/{prefix}" not in maps or not name or ("~1" not in name and "/" in name):
            raise BadRequestException(f"Invalid patch path {path}")
        attribute, convert = maps[f"/{prefix}"]
        entries = dict(getattr(thing, attribute) or {})
        if op == "remove":
            entries.pop(_unescaped(name), None)
        else:
            entries[_unescaped(name)] = convert(value)
        setattr(thing, attribute, entries)


def _boolean(value: Any) -> bool:
    return str(value).lower() == "true"


def _unescaped(name: str) -> str:
    """A name within a JSON pointer."""
    return name.replace("~1", "/").replace("~0", "~")
