"""Request validators: what is missing, and what does not fit its model, in API Gateway's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labsupport.localcloud.gateway.http_message import HttpRequest
from labsupport.localcloud.gateway.rest.validation import (
    BadBody,
    BadParameters,
    Models,
    check_body,
    check_parameters,
    model_for,
)

REQUIRED = {
    "method.request.querystring.qs1": True,
    "method.request.path.issuer": True,
    "method.request.header.x-header-param": True,
    "method.request.header.x-optional": False,
}


def request(query: str = "", *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("GET", "/prod/orders", query, headers, b"", "127.0.0.1", "HTTP/1.1", 0.0, "x")


def missing(query: str = "", path: dict[str, str] | None = None, *headers: tuple[str, str]) -> str:
    with pytest.raises(BadParameters) as refused:
        check_parameters(REQUIRED, request(query, *headers), path)
    return str(refused.value)


def test_missing_parameters_are_named_headers_first_then_path_then_query():
    assert missing() == "Missing required request parameters: [x-header-param, issuer, qs1]"


def test_names_of_headers_are_compared_as_the_client_spelled_them():
    found = missing("qs1=a", {"issuer": "visa"}, ("X-Header-Param", "here"))
    assert found == "Missing required request parameters: [x-header-param]"


@pytest.mark.parametrize("query", ["qs1=", "qs1", "qs1=%20", "QS1=a"])
def test_a_blank_parameter_is_missing(query):
    found = missing(query, {"issuer": "visa"}, ("x-header-param", "here"))
    assert found == "Missing required request parameters: [qs1]"


def test_what_is_there_passes_and_optional_parameters_do_not_count():
    check_parameters(REQUIRED, request("qs1=a%20b", ("x-header-param", "here")), {"issuer": "visa"})


ORDER = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["item", "quantity"],
    "additionalProperties": False,
    "properties": {
        "item": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]*$"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 10, "exclusiveMaximum": True},
        "size": {"enum": ["A3", "A4"]},
        "tags": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True},
        "address": {"$ref": "https://apigateway.amazonaws.com/restapis/api1/models/Address"},
    },
}
ADDRESS = {"type": "object", "required": ["city"]}
MODELS = Models((("Order", json.dumps(ORDER)), ("Address", json.dumps(ADDRESS)), ("Broken", "{")))


def problem(body: Any, model: str = "Order") -> str:
    with pytest.raises(BadBody) as refused:
        check_body(MODELS, model, body if isinstance(body, bytes) else json.dumps(body).encode())
    return str(refused.value)


def changed(**more: Any) -> dict[str, Any]:
    return {"item": "mug", "quantity": 1, **more}


def test_a_fitting_body_passes():
    check_body(MODELS, "Order", json.dumps(changed(tags=["a"], size="A3", address={"city": "Köln"})).encode())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, 'object has missing required properties (["item","quantity"])'),
        (changed(item=5), 'instance type (integer) does not match any allowed primitive type (allowed: ["string"])'),
        (
            changed(quantity=1.5),
            'instance type (number) does not match any allowed primitive type (allowed: ["integer"])',
        ),
        (
            changed(quantity=True),
            'instance type (boolean) does not match any allowed primitive type (allowed: ["integer"])',
        ),
        (changed(quantity=0), "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        (changed(quantity=11), "numeric instance is greater than the required maximum (maximum: 10, found: 11)"),
        (changed(quantity=10), "numeric instance is not strictly lower than the required maximum 10"),
        (changed(item="a"), 'string "a" is too short (length: 1, required minimum: 2)'),
        (changed(item="abcde"), 'string "abcde" is too long (length: 5, maximum allowed: 4)'),
        (changed(item="A1"), 'ECMA 262 regex "^[a-z]*$" does not match input string "A1"'),
        (changed(size="A5"), 'instance value ("A5") not found in enum (possible values: ["A3","A4"])'),
        (changed(colour=1), 'object instance has properties which are not allowed by the schema: ["colour"]'),
        (changed(tags=[]), "array is too short: must have at least 1 elements but instance has 0 elements"),
        (changed(tags=[1, 2, 3]), "array is too long: must have at most 2 elements but instance has 3 elements"),
        (changed(tags=[1, 1]), "array must not contain duplicate elements"),
        (changed(address={}), 'object has missing required properties (["city"])'),
        ([], 'instance type (array) does not match any allowed primitive type (allowed: ["object"])'),
        (None, 'instance type (null) does not match any allowed primitive type (allowed: ["object"])'),
    ],
)
def test_what_does_not_fit_is_said_in_the_words_of_api_gateway(body, text):
    assert problem(body) == f"[{text}]"


def test_several_problems_stand_in_one_list():
    assert problem(changed(size="A5", colour=1)).count(",") >= 1
    assert set(problem(changed(size="A5", item=5))[1:-1].split(", instance")) == {
        'instance type (integer) does not match any allowed primitive type (allowed: ["string"])',
        ' value ("A5") not found in enum (possible values: ["A3","A4"])',
    }


def test_an_empty_body_counts_as_an_empty_object():
    assert problem(b"") == '[object has missing required properties (["item","quantity"])]'
    check_body(Models((("Any", "{}"),)), "Any", b"")


@pytest.mark.parametrize("body", [b"{", b"item=mug", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(body):
    assert problem(body) == "[Unable to parse the request body as JSON]"


@pytest.mark.parametrize("model", ["Missing", "Broken"])
def test_a_model_that_is_not_there_or_no_schema_lets_everything_through(model):
    check_body(MODELS, model, b"anything")


def test_the_content_type_chooses_the_model():
    models = {"application/json": "Order", "application/xml": "Empty"}
    assert model_for(models, "application/JSON; charset=utf-8") == "Order"
    assert model_for(models, None) == "Order"
    assert model_for(models, "text/plain") is None
    assert model_for({**models, "$default": "Any"}, "text/plain") == "Any"
