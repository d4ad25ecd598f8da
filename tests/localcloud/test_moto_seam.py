"""One test for each place where the seam touches moto's insides: a failing test here names the function to mend."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import boto3
import pytest
from moto import mock_aws
from moto.awslambda import models as lambda_models
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY

from labsupport.localcloud import moto_seam

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module", autouse=True)
def patched_once():
    """The seam patches classes; the moto process does it once, and so does this module."""
    kept = {
        (owner, name): getattr(owner, name)
        for owner, names in (
            (
                lambda_models.LambdaFunction,
                ("__init__", "update_configuration", "get_configuration", "invoke"),
            ),
            (lambda_models.LambdaBackend, ("create_function", "update_function_code")),
        )
        for name in names
    }
    moto_seam.keep_logging_configuration()
    moto_seam.refuse_what_lambda_refuses()
    yield
    for (owner, name), value in kept.items():
        setattr(owner, name, value)


@pytest.fixture
def clients(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)


def package(source: str = "def handler(event, context): return 1") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), source)  # without the time: the same bytes each time
    return buffer.getvalue()


def create(clients, name="f", trust=TRUST, **more):
    role = clients("iam").create_role(RoleName=f"role-{name}", AssumeRolePolicyDocument=json.dumps(trust))
    arguments = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": role["Role"]["Arn"],
        "Handler": "app.handler",
        "Code": {"ZipFile": package()},
    } | more
    return clients("lambda").create_function(**arguments)


def test_function_configuration_holds_what_the_engine_needs(clients):
    created = create(clients, Timeout=7, MemorySize=256, Environment={"Variables": {"AB": "c"}})
    found = moto_seam.function_configuration(REGION, "f", None)
    assert found["version"] == "$LATEST"
    assert (found["timeout"], found["memory_size"], found["variables"]) == (7, 256, {"AB": "c"})
    assert (found["handler"], found["runtime"], found["code_sha256"]) == (
        "app.handler",
        "python3.13",
        created["CodeSha256"],
    )
    assert found["log_group"] == "/aws/lambda/f"
    assert moto_seam.function_configuration(REGION, "g", None) is None
    assert moto_seam.function_configuration(REGION, "f", "nope") is None


def test_function_configuration_follows_an_alias_to_its_version(clients):
    create(clients)
    client = clients("lambda")
    client.publish_version(FunctionName="f")
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName="f", ZipFile=package("def handler(e, c): return 2"))
    alias = moto_seam.function_configuration(REGION, "f", "live")
    latest = moto_seam.function_configuration(REGION, "f", "$LATEST")
    assert alias["version"] == "1"
    assert alias["code_sha256"] != latest["code_sha256"]
    assert alias["revision"] != latest["revision"]


def test_function_configuration_tells_an_alias_weights(clients):
    create(clients)
    client = clients("lambda")
    client.publish_version(FunctionName="f")
    client.update_function_code(FunctionName="f", ZipFile=package("def handler(e, c): return 2"))
    client.publish_version(FunctionName="f")
    client.create_alias(
        FunctionName="f",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )
    assert moto_seam.function_configuration(REGION, "f", "live")["alias_weights"] == {"2": 0.25}


def test_function_configuration_tells_reserved_concurrency_and_retries(clients):
    create(clients)
    client = clients("lambda")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    found = moto_seam.function_configuration(REGION, "f", None)
    assert int(found["reserved_concurrency"]) == 0
    assert found["retry_attempts"] == 1


def test_function_code_is_the_uploaded_zip(clients):
    source = package("x = 1")
    create(clients, Code={"ZipFile": source})
    assert moto_seam.function_code(REGION, "f", "$LATEST") == source


def test_layer_code_is_the_uploaded_zip(clients):
    layer = package("y = 1")
    arn = clients("lambda").publish_layer_version(LayerName="l", Content={"ZipFile": layer})["LayerVersionArn"]
    assert moto_seam.layer_code(REGION, arn) == layer
    with pytest.raises(LookupError):
        moto_seam.layer_code(REGION, arn[:-1] + "9")


def test_logging_configuration_is_kept_and_shown(clients):
    created = create(clients, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"})
    assert created["LoggingConfig"]["LogFormat"] == "JSON"
    assert created["LoggingConfig"]["LogGroup"] == "/aws/lambda/f"
    found = moto_seam.function_configuration(REGION, "f", None)
    assert (found["log_format"], found["application_log_level"]) == ("JSON", "DEBUG")
    clients("lambda").update_function_configuration(FunctionName="f", LoggingConfig={"LogFormat": "Text"})
    assert moto_seam.function_configuration(REGION, "f", None)["log_format"] == "Text"


def test_put_log_events_makes_group_and_stream(clients):
    import time

    now = int(time.time() * 1000)
    moto_seam.put_log_events(REGION, "/aws/lambda/f", "s[$LATEST]", [{"timestamp": now, "message": "one\n"}])
    moto_seam.put_log_events(REGION, "/aws/lambda/f", "s[$LATEST]", [{"timestamp": now, "message": "two"}])
    events = clients("logs").get_log_events(logGroupName="/aws/lambda/f", logStreamName="s[$LATEST]")["events"]
    assert [event["message"] for event in events] == ["one\n", "two"]


@pytest.mark.parametrize("bad", [b"not a zip", b"", package()[:-30]], ids=["text", "empty", "cut off"])
def test_a_package_that_is_not_a_zip_is_refused(clients, bad):
    with pytest.raises(clients("lambda").exceptions.InvalidParameterValueException) as refused:
        create(clients, Code={"ZipFile": bad})
    assert refused.value.response["Error"]["Message"] == (
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def test_a_role_that_lambda_cannot_assume_is_refused(clients):
    trust = json.loads(json.dumps(TRUST).replace("lambda.amazonaws.com", "ec2.amazonaws.com"))
    with pytest.raises(clients("lambda").exceptions.InvalidParameterValueException) as refused:
        create(clients, trust=trust)
    assert refused.value.response["Error"]["Message"] == (
        "The role defined for the function cannot be assumed by Lambda."
    )


def test_every_service_of_moto_reaches_the_engine_through_one_method(clients):
    sent = []
    moto_seam.replace_lambda_invoke(lambda **event: sent.append(event))
    create(clients)
    function = lambda_models.lambda_backends["123456789012"][REGION].get_function("f")
    assert function.invoke(json.dumps({"a": 1}), {}, {}) == b""
    assert sent == [{"function_arn": function.function_arn, "payload": b'{"a": 1}', "invocation_type": "Event"}]


def test_the_application_restores_path_and_underscored_headers():
    """moto needs RAW_URI for S3 keys and the original spelling of metadata headers; WSGI servers give neither."""
    seen = {}

    def fake_dispatcher(_create):
        def app(environ, start_response):
            seen.update(environ)
            return []

        return app

    original, moto_seam.DomainDispatcherApplication = moto_seam.DomainDispatcherApplication, fake_dispatcher
    try:
        application = moto_seam.application()
    finally:
        moto_seam.DomainDispatcherApplication = original
    headers = json.dumps([["x-amz-meta-a_b", "1"]])
    application({"REQUEST_URI": "/b/a%2Fb?x=1", "HTTP_X_LABSUPPORT_UNDERSCORED": headers}, None)
    assert seen["RAW_URI"] == "/b/a%2Fb?x=1"
    assert seen["HTTP_X_AMZ_META_A_B"] == "1"
    assert seen[PRESERVED_HEADER_NAMES_ENVIRON_KEY] == {"HTTP_X_AMZ_META_A_B": "x-amz-meta-a_b"}


def test_base64_of_a_package_survives_the_wire(clients):
    """The moto process hands code over as base64 text."""
    from labsupport.localcloud.moto_process import _inner_call

    create(clients)
    text = _inner_call(moto_seam, None, "code", {"region": REGION, "name": "f", "version": "$LATEST"})
    assert base64.b64decode(text) == package()
