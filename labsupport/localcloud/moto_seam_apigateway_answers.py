"""The part of the seam that rights moto's answers about REST APIs: fields it forgets, checks that belong to a request
only (an import of an OpenAPI document makes methods without them), and operations it does not have.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_apigateway_api.py``.
"""

from __future__ import annotations

import json
from typing import Any

from moto.apigateway.exceptions import BadRequestException, ConflictException
from moto.apigateway.responses import APIGatewayResponse

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_MAPPING = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [{}]"
_HEADER = "method.response.header."


def answer_as_aws_does() -> None:
    """moto 5.2.5 forgets binaryMediaTypes, takes any method and any authorizer, replaces a method that is there, maps to
    headers that no method response has, and has no update of resources, methods and integrations."""
    _rest_apis()
    _resources()
    _methods()
    _integrations()


def _rest_apis() -> None:
    make = APIGatewayResponse.create_rest_api

    def create_rest_api(self: APIGatewayResponse) -> Any:
        answer = make(self)
        status, headers, body = answer
        if status != 200:
            return answer
        api = self.backend.apis[json.loads(body)["id"]]
        api.binaryMediaTypes = list(self._get_param("binaryMediaTypes") or [])
        return 201, headers | {"status": 201}, json.dumps(api.to_dict())

    target: Any = APIGatewayResponse
    target.create_rest_api = create_rest_api


def _resources() -> None:
    def answer_update_resource(self: APIGatewayResponse) -> str:
        api, resource = _ids(self)
        return json.dumps(_backend(self).update_resource(api, resource, self._get_param("patchOperations")).to_dict())

    def answer_delete_resource(self: APIGatewayResponse) -> Any:
        self.backend.delete_resource(*_ids(self))
        return 202, {"status": 202}, "{}"

    target: Any = APIGatewayResponse
    target.update_resource = answer_update_resource
    target.delete_resource = answer_delete_resource


def _methods() -> None:
    put = APIGatewayResponse.put_method

    def put_method(self: APIGatewayResponse) -> Any:
        _check_method(self, *self.path.split("/")[2:7:2])
        return put(self)

    def answer_update_method(self: APIGatewayResponse) -> str:
        where = self.path.split("/")[2:7:2]
        return json.dumps(_backend(self).update_method(*where, self._get_param("patchOperations")).to_json())

    target: Any = APIGatewayResponse
    target.put_method = put_method
    target.update_method = answer_update_method


def _check_method(request: APIGatewayResponse, api_id: str, resource_id: str, http_method: str) -> None:
    resource = request.backend.get_resource(api_id, resource_id)
    api = request.backend.get_rest_api(api_id)
    if http_method not in _METHODS:
        raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {','.join(_METHODS)}")
    if http_method in resource.resource_methods:
        raise ConflictException("Method already exists for this resource")
    if request._get_param("authorizationType") in ("CUSTOM", "COGNITO_USER_POOLS"):
        if request._get_param("authorizerId") not in api.authorizers:
            raise BadRequestException(
                "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires "
                "a valid authorizer."
            )
    validator = request._get_param("requestValidatorId")
    if validator and validator not in api.request_validators:
        raise BadRequestException("Invalid Request Validator identifier specified")
    for model in (request._get_param("requestModels") or {}).values():
        if model not in api.models and model not in ("Empty", "Error"):  # AWS makes these two with each API
            raise BadRequestException(f"Invalid model identifier specified: {model}")
    names = [name.rpartition(".")[2] for name in request._get_param("requestParameters") or {}]
    if len(names) != len(set(names)):
        raise BadRequestException("Parameter names must be unique across querystring, header and path")


def _integrations() -> None:
    put_response = APIGatewayResponse.put_integration_response

    def put_integration_response(self: APIGatewayResponse) -> Any:
        api, resource, http_method, status = self.path.rstrip("/").split("/")[2:10:2][:3] + [
            self.path.rstrip("/").rpartition("/")[2]
        ]
        method = self.backend.get_method(api, resource, http_method)
        self.backend.get_integration(api, resource, http_method)
        declared = method.get_response(status)
        mapped = [name for name in self._get_param("responseParameters") or {} if name.startswith(_HEADER)]
        if mapped and declared is None:
            raise BadRequestException(_MAPPING.format("No method response exists for method."))
        for name in mapped:
            if name not in (declared.response_parameters or {} if declared else {}):
                raise BadRequestException(_MAPPING.format(f"Invalid mapping expression parameter specified: {name}"))
        return put_response(self)

    def answer_update_integration(self: APIGatewayResponse) -> str:
        where = self.path.split("/")[2:7:2]
        return json.dumps(_backend(self).update_integration(*where, self._get_param("patchOperations")).to_json())

    def answer_update_integration_response(self: APIGatewayResponse) -> str:
        where = [*self.path.split("/")[2:7:2], self.path.split("/")[9]]
        found = _backend(self).update_integration_response(*where, self._get_param("patchOperations"))
        return json.dumps(found.to_json())

    target: Any = APIGatewayResponse
    target.put_integration_response = put_integration_response
    target.update_integration = answer_update_integration
    target.update_integration_response = answer_update_integration_response


def _ids(request: APIGatewayResponse) -> tuple[str, str]:
    parts = request.path.split("/")
    return parts[2], parts[4]


def _backend(request: APIGatewayResponse) -> Any:
    """moto's backend, with what ``moto_seam_apigateway_api`` adds to it."""
    return request.backend
