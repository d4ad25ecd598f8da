"""REST APIs of API Gateway: routing, the event of a Lambda proxy integration and what becomes of the answer."""

from __future__ import annotations

import re

import pytest

from .deployment import ACCOUNT, REGION, REQUEST_ID, CloudUnderTest, Function
from .rest_apis import ECHO, RestApi


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


def test_the_event_of_a_get_through_a_greedy_resource_f161(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("ANY", "/{proxy+}", echo)
    deployment = api.deploy("stage")

    answer = api.call("GET", "/stage/proxy-value", headers={"tEsT-HEADeR": "aValUE", "authorization": "random-value"})

    assert answer.status == 200
    event = answer.json
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert headers["tEsT-HEADeR"] == "aValUE"
    assert headers["authorization"] == "random-value"
    assert headers["Host"] == api.host
    assert event.pop("multiValueHeaders") == {name: [value] for name, value in headers.items()}
    assert event == {
        "resource": "/{proxy+}",
        "path": "/proxy-value",
        "httpMethod": "GET",
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": "proxy-value"},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    assert re.fullmatch(REQUEST_ID, context.pop("requestId"))
    assert context.pop("extendedRequestId")
    assert isinstance(context.pop("requestTimeEpoch"), int)
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("requestTime"))
    nobody = (
        "accessKey accountId caller cognitoAuthenticationProvider cognitoAuthenticationType cognitoIdentityId "
        "cognitoIdentityPoolId principalOrgId user userArn userAgent"
    ).split()
    assert context == {
        "accountId": ACCOUNT,
        "apiId": api.id,
        "deploymentId": deployment,
        "domainName": f"{api.id}.execute-api.{REGION}.amazonaws.com",
        "domainPrefix": api.id,
        "httpMethod": "GET",
        "identity": {**dict.fromkeys(nobody), "sourceIp": "127.0.0.1"},
        "path": "/stage/proxy-value",
        "protocol": "HTTP/1.1",
        "resourceId": api.resource("/{proxy+}"),
        "resourcePath": "/{proxy+}",
        "stage": "stage",
    }
