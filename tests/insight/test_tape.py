"""lab.tape: the last requests to an API with the events their function saw, as text and as HTML."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from labsupport.api_address import api_address
from labsupport.insight.tape import NoTape, Tape, exchange_of, read_tape

RECORD: dict[str, Any] = {
    "time_ms": 1768472430456.0,
    "request_id": "r-1",
    "stage": "prod",
    "request": {"method": "GET", "path": "/orders/<42>", "headers": [["Accept", "*/*"]], "body": "", "bytes": 0},
    "response": {"status": 404, "headers": [["Content-Type", "application/json"]], "body": '{"error": 1}', "bytes": 12},
    "duration_ms": 5.04,
    "function": "kestrel-orders",
    "function_ms": 3.96,
    "event": {"resource": "/orders/{id}"},
}


def test_the_table_has_a_line_for_each_request() -> None:
    alone = RECORD | {"function": "", "function_ms": None, "event": None}
    tape = Tape("abc123", "kestrel-shop", (exchange_of(RECORD, 1), exchange_of(alone, 2)))

    lines = repr(tape).splitlines()

    assert lines[0] == "Tape of kestrel-shop (abc123): 2 requests"
    assert re.split(r"\s{2,}", lines[3]) == [
        "1",
        "10:20:30.456",
        "GET /orders/<42>",
        "404",
        "5.0",
        "kestrel-orders",
        "4.0",
        '{"error": 1}',
    ]
    assert "none: API Gateway itself" in lines[4]
    assert tape.exchanges[1].answered_by == "API Gateway"


def test_the_html_has_the_same_and_the_whole_event_behind_a_line() -> None:
    html = Tape("abc123", "kestrel-shop", (exchange_of(RECORD, 1),))._repr_html_()

    assert "<caption" in html and "GET /orders/&lt;42&gt;" in html and "<42>" not in html
    assert "<details><summary>1: GET /orders/&lt;42&gt; → 404</summary>" in html
    assert "The event that kestrel-orders saw:" in html and "/orders/{id}" in html


def test_bytes_are_told_by_their_size() -> None:
    photo = RECORD | {"response": {"status": 200, "headers": [], "body": "", "bytes": 20_000}}

    assert "(20,000 bytes)" in repr(Tape("abc123", "kestrel-shop", (exchange_of(photo, 1),)))


@pytest.fixture
def api(cloud: Any) -> Any:
    """An API that answers GET / by itself."""
    apigateway = cloud.client("apigateway")
    api_id = apigateway.create_rest_api(name="taped")["id"]
    root = apigateway.get_resources(restApiId=api_id)["items"][0]["id"]
    this = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**this, authorizationType="NONE")
    apigateway.put_method_response(**this, statusCode="200")
    apigateway.put_integration(**this, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apigateway.put_integration_response(**this, statusCode="200", selectionPattern="")
    apigateway.create_deployment(restApiId=api_id, stageName="prod")
    yield api_id
    apigateway.delete_rest_api(restApiId=api_id)


def test_the_tape_of_a_real_api_has_its_last_requests(cloud: Any, api: str) -> None:
    address = api_address(api, "prod", region="us-east-1", endpoint=cloud.endpoint)
    for path in ("/", "/?number=2", "/nowhere"):
        requests.get(address + path)

    tape = read_tape(cloud.client("apigateway"), cloud.endpoint, api, 2)

    assert (tape.api_name, [(one.number, one.path, one.status) for one in tape.exchanges]) == (
        "taped",
        [(1, "/?number=2", 200), (2, "/nowhere", 403)],
    )
    assert all(one.duration_ms >= 0 and one.event is None for one in tape.exchanges)


def test_without_requests_it_says_how_to_call(cloud: Any, api: str) -> None:
    with pytest.raises(NoTape, match=rf"taped has had no request yet: call it, .* lab.api_url\('{api}'\)"):
        read_tape(cloud.client("apigateway"), cloud.endpoint, api)


def test_a_name_in_place_of_an_id_is_answered_with_the_ids(cloud: Any, api: str) -> None:
    with pytest.raises(
        NoTape, match=rf"There is no REST API 'taped'. lab.tape wants an API's id; there is: .*{api} \(taped\)"
    ):
        read_tape(cloud.client("apigateway"), cloud.endpoint, "taped")


@pytest.mark.parametrize("last", [0, -1, True, "2"])
def test_a_number_that_is_none_is_named(cloud: Any, last: Any) -> None:
    with pytest.raises(NoTape, match="is not a number of requests. Use 1 or more."):
        read_tape(cloud.client("apigateway"), cloud.endpoint, "abc", last)
