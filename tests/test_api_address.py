"""An API's address: the path of the local cloud, or the host name of AWS."""

from labsupport.api_address import api_address


def test_in_the_local_cloud_an_api_is_a_path() -> None:
    address = api_address("abc123", "prod", region="us-east-1", endpoint="http://127.0.0.1:4566/")

    assert address == "http://127.0.0.1:4566/_aws/execute-api/abc123/prod"


def test_on_aws_an_api_has_a_host_name() -> None:
    address = api_address("abc123", "prod", region="eu-central-1")

    assert address == "https://abc123.execute-api.eu-central-1.amazonaws.com/prod"
