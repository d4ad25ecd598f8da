"""The model's constraints in AWS's words."""

from __future__ import annotations

import pytest

from labsupport.localcloud.lambda_api import constraints
from labsupport.localcloud.lambda_api.errors import LambdaError
from labsupport.localcloud.lambda_api.service_model import ServiceModel

MODEL = ServiceModel.load()
ROLE = "arn:aws:iam::123456789012:role/worker"
FAILED = "failed to satisfy constraint: "


def refused(operation, **parameters):
    with pytest.raises(LambdaError) as problem:
        constraints.check(MODEL, MODEL.operations[operation], parameters)
    assert (problem.value.status, problem.value.code) == (400, "ValidationException")
    return problem.value.message


def create(**changes):
    return {"FunctionName": "f", "Role": ROLE, "Code": {}} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Timeout": 0}, f"Value '0' at 'timeout' {FAILED}Member must have value greater than or equal to 1"),
        (
            {"Description": "x" * 257},
            f"Value '{'x' * 257}' at 'description' {FAILED}Member must have length less than or equal to 256",
        ),
        (
            {"Architectures": []},
            f"Value '[]' at 'architectures' {FAILED}Member must have length greater than or equal to 1",
        ),
        (
            {"PackageType": "Tar"},
            f"Value 'Tar' at 'packageType' {FAILED}Member must satisfy enum value set: [Zip, Image]",
        ),
        (
            {"KMSKeyArn": "key"},
            f"Value 'key' at 'kMSKeyArn' {FAILED}Member must satisfy regular expression pattern: "
            "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
        ),
        (
            {"Code": {"S3Bucket": "b"}},
            f"Value 'b' at 'code.s3Bucket' {FAILED}Member must have length greater than or equal to 3",
        ),
        ({"EphemeralStorage": {}}, f"Value null at 'ephemeralStorage.size' {FAILED}Member must not be null"),
        (
            {"FileSystemConfigs": [{"LocalMountPath": "/mnt/a"}]},
            f"Value null at 'fileSystemConfigs.1.member.arn' {FAILED}Member must not be null",
        ),
        (
            {"Layers": ["l", None]},
            f"Value '[l, null]' at 'layers' {FAILED}Member must satisfy constraint: [Member must have length less than or "
            "equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression "
            "pattern: ((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:"
            "[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)), Member must not be null]",
        ),
        (
            {"Tags": {"": "v"}},
            f"Value '{{=v}}' at 'tags' {FAILED}Map keys must satisfy constraint: [Member must have length less than or "
            "equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression "
            "pattern: ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*), Member must not be null]",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_one_failure_is_named_with_its_place_value_and_constraint(changes, message):
    # A pattern with parentheses round the whole may be shown without them (see the layers' own tests).
    assert refused("CreateFunction", **create(**changes)).replace("((arn", "(arn").replace("+)),", "+),") == (
        f"1 validation error detected: {message}"
    ).replace("((arn", "(arn").replace("+)),", "+),")


def test_failures_are_counted_and_come_in_the_models_order():
    assert refused("CreateFunction", FunctionName="f", Timeout=901) == (
        f"3 validation errors detected: Value null at 'role' {FAILED}Member must not be null; Value null at 'code' {FAILED}"
        f"Member must not be null; Value '901' at 'timeout' {FAILED}Member must have value less than or equal to 900"
    )


def test_values_that_the_model_calls_sensitive_are_not_shown():
    message = refused("CreateFunction", **create(Environment={"Variables": {"1": "secret"}}))
    assert message.startswith(
        "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: "
    )
    assert "secret" not in message


def test_letters_of_all_languages_are_letters_in_a_tag():
    constraints.check(MODEL, MODEL.operations["CreateFunction"], create(Tags={"größe ß": "日本語"}))


def test_runtimes_and_the_upper_limit_of_memory_have_checks_with_words_of_their_own():
    constraints.check(MODEL, MODEL.operations["CreateFunction"], create(Runtime="none", MemorySize=99999))


@pytest.mark.parametrize(
    ("operation", "limit"), [("CreateFunction", 70_167_211), ("UpdateFunctionConfiguration", 5120)]
)
def test_requests_have_a_size(operation, limit):
    constraints.check_size(operation, limit - 1)
    with pytest.raises(LambdaError) as refused:
        constraints.check_size(operation, limit)
    assert (refused.value.status, refused.value.code) == (413, "RequestEntityTooLargeException")
    assert refused.value.message == f"Request must be smaller than {limit} bytes for the {operation} operation"
