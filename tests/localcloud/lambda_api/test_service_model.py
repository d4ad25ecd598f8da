"""Which request is which operation, by the model that botocore ships."""

from __future__ import annotations

import pytest

from labsupport.localcloud.lambda_api.service_model import Matched, ServiceModel

ARN = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af"


@pytest.fixture(scope="module")
def model():
    return ServiceModel.load()


def named(matched: Matched | None):
    return matched and (matched.operation.name, matched.path_parameters)


@pytest.mark.parametrize(
    ("method", "path", "query", "found"),
    [
        ("POST", "/2015-03-31/functions", [], ("CreateFunction", {})),
        ("POST", "/2015-03-31/functions/", [], ("CreateFunction", {})),
        ("GET", "/2015-03-31/functions/", [], ("ListFunctions", {})),
        ("GET", "/2015-03-31/functions/f", [], ("GetFunction", {"FunctionName": "f"})),
        ("GET", "/2015-03-31/functions/f%3A1/", [], ("GetFunction", {"FunctionName": "f:1"})),
        ("GET", "/2015-03-31/functions/f:1", [], ("GetFunction", {"FunctionName": "f:1"})),
        ("GET", "/2015-03-31/functions/a%2Fb", [], ("GetFunction", {"FunctionName": "a/b"})),
        ("GET", "/2015-03-31/functions/f/aliases/live", [], ("GetAlias", {"FunctionName": "f", "Name": "live"})),
        (
            "GET",
            "/2019-09-30/functions/f/provisioned-concurrency",
            [("List", "ALL")],
            ("ListProvisionedConcurrencyConfigs", {"FunctionName": "f"}),
        ),
        (
            "GET",
            "/2019-09-30/functions/f/provisioned-concurrency",
            [("Qualifier", "1")],
            ("GetProvisionedConcurrencyConfig", {"FunctionName": "f"}),
        ),
        ("GET", "/2018-10-31/layers", [("find", "LayerVersion"), ("Arn", "a")], ("GetLayerVersionByArn", {})),
        ("GET", "/2018-10-31/layers", [], ("ListLayers", {})),
        (
            "DELETE",
            f"/2017-03-31/tags/{ARN}",
            [("tagKeys", "a")],
            ("UntagResource", {"Resource": ARN.replace("%3A", ":")}),
        ),
        ("PATCH", "/2015-03-31/functions/f", [], None),
        ("GET", "/2015-03-31/functions/f/nothing", [], None),
        ("GET", "/", [], None),
    ],
)
def test_requests_are_matched_by_method_path_and_query(model, method, path, query, found):
    assert named(model.match(method, path, query)) == found


def test_the_models_documentation_is_not_kept(model):
    def texts(entry):
        if isinstance(entry, dict):
            yield from (value for key, value in entry.items() if key == "documentation" and isinstance(value, str))
            for value in entry.values():
                yield from texts(value)
        elif isinstance(entry, list):
            for value in entry:
                yield from texts(value)

    assert list(texts(model.shapes)) == []


def test_an_operation_knows_the_status_of_its_answer(model):
    status = {name: model.operations[name].status for name in ("CreateFunction", "GetFunction", "TagResource")}
    assert status == {"CreateFunction": 201, "GetFunction": 200, "TagResource": 204}
