from __future__ import annotations

import pytest

from labsupport.localcloud.gateway.http_message import HttpRequest, HttpResponse
from labsupport.localcloud.gateway.rest.api import NO_METHOD, Resource, RestApi, Stage, deployment
from labsupport.localcloud.gateway.rest.errors import GatewayError
from labsupport.localcloud.gateway.rest.exchange import Exchange
from labsupport.localcloud.gateway.rest.mapping import value_of
from labsupport.localcloud.gateway.rest.templates import render, substitute, template_for

NOTHING = {
    "resources": [],
    "authorizers": [],
    "models": [],
    "requestValidators": [],
    "gatewayResponses": [],
    "binaryMediaTypes": [],
    "minimumCompressionSize": None,
    "apiKeySource": "HEADER",
    "policy": None,
}


@pytest.fixture
def exchange():
    request = HttpRequest(
        method="POST",
        raw_path="/dev/orders/7",
        raw_query="tag=new&tag=red",
        headers=(("X-A", "1"), ("x-a", "2")),
        body=b'{"lines": [{"item": "poster", "count": 2}]}',
        source_ip="203.0.113.10",
        protocol="HTTP/1.1",
        received=0.0,
        domain_name="abc.execute-api.us-east-1.amazonaws.com",
    )
    return Exchange(
        RestApi("abc", "us-east-1", "123456789012", "shop", False, {}),
        Stage("dev", deployment("dep", NOTHING), {"ENV": "test"}, {}),
        request,
        Resource("r", "/orders/{id}", {}),
        NO_METHOD,
        {"id": "7"},
        "/orders/7",
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a literal'", "a literal"),
        ("''", ""),
        ("method.request.header.X-A", "2"),
        ("method.request.multivalueheader.x-a", "1,2"),
        ("method.request.querystring.tag", "red"),
        ("method.request.multivaluequerystring.tag", "new,red"),
        ("method.request.path.id", "7"),
        ("method.request.body.lines[0].item", "poster"),
        ("method.request.body.lines[0]", '{"item":"poster","count":2}'),
        ("method.request.body.none", None),
        ("method.request.header.none", None),
        ("context.stage", "dev"),
        ("context.identity.sourceIp", "203.0.113.10"),
        ("stageVariables.ENV", "test"),
        ("integration.response.header.x-b", "yes"),
        ("integration.response.body.ok", "true"),
        ("nonsense", None),
    ],
)
def test_an_expression_has_its_value(exchange, expression, value):
    response = HttpResponse(200, (("X-B", "yes"),), b'{"ok": true}')
    assert value_of(expression, exchange, response) == value


def test_the_source_arn_has_stars_for_variables_and_the_method_arn_has_values(exchange):
    start = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/POST"
    assert exchange.source_arn == f"{start}/orders/*"
    assert exchange.method_arn == f"{start}/orders/7"


def test_variables_of_a_template_are_replaced(exchange):
    template = '{"id": "$context.apiId", "env": "${stageVariables.ENV}", "none": "$context.none", "body": $input.body}'
    assert render(template, exchange, "[1]") == '{"id": "abc", "env": "test", "none": "", "body": [1]}'
    assert substitute('{"path":$context.resourcePath}', exchange) == '{"path":/orders/{id}}'


@pytest.mark.parametrize(
    "template",
    [
        "#set($a = 1)",
        "#if($context.stage)x#end",
        "$input.json('$').size()",
        "$input.params().path",
        "$util.escapeJavaScript('x')",
        "## note",
    ],
)
def test_a_template_that_needs_vtl_is_refused(exchange, template):
    with pytest.raises(GatewayError) as problem:
        render(template, exchange, "")
    assert problem.value.status == 501
    assert "VTL" in str(problem.value.message)


def test_the_template_for_a_content_type_is_found():
    templates = {"application/json": "j", "text/xml": None}
    assert template_for(templates, None) == ("application/json", "j")
    assert template_for(templates, "Text/XML; charset=utf-8") == ("text/xml", "")
    assert template_for(templates, "text/plain") is None
