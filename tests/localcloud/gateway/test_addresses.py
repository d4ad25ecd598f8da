from __future__ import annotations

import pytest

from labsupport.localcloud.gateway.addresses import Address, address_of, domain_name

API, URL = Address.API, Address.FUNCTION_URL


@pytest.mark.parametrize(
    ("host", "path", "address"),
    [
        ("127.0.0.1:4566", "/_aws/execute-api/abc123/dev/orders", Address(API, "abc123", None, "/dev/orders")),
        ("127.0.0.1:4566", "/_aws/execute-api/abc123", Address(API, "abc123", None, "/")),
        ("127.0.0.1:4566", "/_aws/execute-api/abc123/dev//a%2Fb/", Address(API, "abc123", None, "/dev//a%2Fb/")),
        ("abc123.execute-api.eu-west-1.amazonaws.com", "/dev", Address(API, "abc123", "eu-west-1", "/dev")),
        ("ABC123.execute-api.eu-west-1.amazonaws.com:4566", "/", Address(API, "abc123", "eu-west-1", "/")),
        ("127.0.0.1:4566", "/_aws/lambda-url/xyz/a/b", Address(URL, "xyz", None, "/a/b")),
        ("xyz.lambda-url.us-east-1.on.aws", "/a", Address(URL, "xyz", "us-east-1", "/a")),
    ],
)
def test_an_api_and_a_function_url_have_a_host_name_and_a_path(host, path, address):
    assert address_of(host, path) == address


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1:4566", "/restapis"),
        ("bucket.s3.us-east-1.amazonaws.com", "/_aws"),
        ("apigateway.us-east-1.amazonaws.com", "/restapis/abc"),
        ("a.b.execute-api.us-east-1.amazonaws.com", "/dev"),
        ("abc.execute-api.us-east-1.amazonaws.com.evil.example", "/dev"),
    ],
)
def test_all_else_is_for_the_apis_of_aws(host, path):
    assert address_of(host, path) is None


def test_an_api_has_aws_name_whatever_address_was_used():
    assert domain_name(API, "abc", "eu-west-1") == "abc.execute-api.eu-west-1.amazonaws.com"
    assert domain_name(URL, "xyz", "us-east-1") == "xyz.lambda-url.us-east-1.on.aws"
