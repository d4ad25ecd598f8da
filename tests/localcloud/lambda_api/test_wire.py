"""Parameters and answers as Lambda's REST-JSON protocol writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from labsupport.localcloud.lambda_api.errors import LambdaError
from labsupport.localcloud.lambda_api.service_model import ServiceModel
from labsupport.localcloud.lambda_api.wire import Answer, read_request, write_answer


@pytest.fixture(scope="module")
def model():
    return ServiceModel.load()


def read(model, method, path, body=b"", query=(), headers=None):
    matched = model.match(method, path, query)
    return read_request(model, matched, list(query), headers or {}, body)


def test_parameters_come_from_path_query_and_body(model):
    assert read(
        model, "POST", "/2018-10-31/layers/l/versions/7/policy", b'{"StatementId": "s"}', [("RevisionId", "r")]
    ) == {
        "LayerName": "l",
        "VersionNumber": 7,
        "StatementId": "s",
        "RevisionId": "r",
    }


def test_blobs_are_bytes_and_numbers_keep_their_kind(model):
    body = {
        "FunctionName": "f",
        "Code": {"ZipFile": "emlw"},
        "Timeout": 3,
        "Publish": True,
        "Environment": {"Variables": {"AB": "c"}},
        "Layers": ["l"],
    }
    assert read(model, "POST", "/2015-03-31/functions", json.dumps(body).encode()) == body | {
        "Code": {"ZipFile": b"zip"}
    }
    alias = {"RoutingConfig": {"AdditionalVersionWeights": {"2": 1}}}
    parsed = read(model, "POST", "/2015-03-31/functions/f/aliases", json.dumps(alias).encode())
    weight = parsed["RoutingConfig"]["AdditionalVersionWeights"]["2"]
    assert (weight, type(weight)) == (1.0, float)


def test_a_list_in_the_query_is_the_same_key_again(model):
    query = [("tagKeys", "a"), ("tagKeys", "b")]
    assert read(model, "DELETE", "/2017-03-31/tags/arn", query=query)["TagKeys"] == ["a", "b"]


def test_null_counts_as_not_sent_and_unknown_members_are_passed_over(model):
    body = b'{"FunctionName": "f", "Timeout": null, "Code": {"ZipFile": null}, "Unknown": 1}'
    assert read(model, "POST", "/2015-03-31/functions", body) == {"FunctionName": "f", "Code": {}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"Timeout": "3"}, "STRING_VALUE can not be converted to an Integer"),
        ({"Timeout": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"Handler": 3}, "NUMBER_VALUE can not be converted to a String"),
        ({"Publish": "yes"}, "STRING_VALUE can not be converted to a Boolean"),
        ({"Environment": {"Variables": {"AB": 1}}}, "NUMBER_VALUE can not be converted to a String"),
        ({"Handler": ["a"]}, "Start of list found where not expected"),
        ({"Handler": {}}, "Start of structure or map found where not expected."),
        ({"Code": []}, "Start of list found where not expected"),
        ({"Layers": {}}, "Start of structure or map found where not expected."),
        ({"Layers": "l"}, "Unexpected field type: STRING_VALUE"),
        ({"Code": {"ZipFile": "no base64!"}}, "Unable to parse Base64 encoded value"),
        ([], "Start of list found where not expected"),
    ],
    ids=lambda value: json.dumps(value)[:40] if not isinstance(value, str) else "",
)
def test_values_of_the_wrong_kind(model, body, message):
    with pytest.raises(LambdaError) as refused:
        read(model, "POST", "/2015-03-31/functions", json.dumps(body).encode())
    assert (refused.value.status, refused.value.code, refused.value.message) == (400, "SerializationException", message)
    assert refused.value.document == {"message": message}


def test_a_number_in_the_query_that_is_none(model):
    with pytest.raises(LambdaError, match="STRING_VALUE can not be converted to an Integer"):
        read(model, "GET", "/2015-03-31/functions", query=[("MaxItems", "many")])


def test_an_answer_leaves_out_what_is_none(model):
    members = {"Configuration": {"FunctionName": "f", "Timeout": None}, "Tags": None}
    answer = write_answer(model, model.operations["GetFunction"], members)
    assert (answer.status, json.loads(answer.body)) == (200, {"Configuration": {"FunctionName": "f"}})
    assert answer.headers == {"Content-Type": "application/json"}


def test_a_member_may_decide_the_status(model):
    assert write_answer(model, model.operations["DeleteFunction"], {"StatusCode": 204}) == Answer(204)


def test_an_operation_without_output_answers_its_status_alone(model):
    assert write_answer(model, model.operations["TagResource"], {}) == Answer(204)


def test_timestamps_are_seconds(model):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    answer = write_answer(model, model.operations["GetFunctionEventInvokeConfig"], {"LastModified": moment})
    assert json.loads(answer.body) == {"LastModified": 1767225600.0}
