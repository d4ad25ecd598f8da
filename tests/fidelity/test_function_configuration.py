"""CreateFunction, the updates, the readings and DeleteFunction: answers, states and refusals as AWS has them."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from .deployment import ACCOUNT, PYTHON, REGION, TRUST, CloudUnderTest, refusal, running_cloud, unique_name, zip_of

PACKAGE = zip_of({"app.py": "def handler(event, context):\n    return 'first'\n"})
OTHER = zip_of({"app.py": "def handler(event, context):\n    return 'second'\n"})
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SUPPORTED = (
    "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, "
    "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, "
    "java11, dotnet6, nodejs18.x, provided.al2, java8.al2]"
)


@pytest.fixture(scope="module")
def cloud(cloud_of) -> CloudUnderTest:
    """One runtime client is enough: nothing here depends on how functions run."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def slow_cloud() -> Iterator[CloudUnderTest]:
    """A cloud in which functions are Pending and being updated for a second."""
    with running_cloud("--time-scale", "5", "--concurrency", "10") as running:
        yield running


@pytest.fixture
def client(cloud):
    """A Lambda client that sends what boto3 itself would refuse."""
    return loose(cloud)


def loose(cloud):
    return boto3.client(
        "lambda",
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def parameters(cloud, **changes):
    return {
        "FunctionName": unique_name("made"),
        "Runtime": PYTHON,
        "Role": cloud.role_arn,
        "Handler": "app.handler",
        "Code": {"ZipFile": PACKAGE},
    } | changes


def create(cloud, **changes):
    return cloud.client("lambda").create_function(**parameters(cloud, **changes))


def active(cloud, name):
    cloud.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.02})
    return cloud.client("lambda").get_function(FunctionName=name)


def updated(cloud, name):
    cloud.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.02})
    return cloud.client("lambda").get_function_configuration(FunctionName=name)


def without_metadata(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


# --- answers and states --------------------------------------------------------------------------------------------


def test_F087_create_answers_with_every_default(cloud):
    made = create(cloud)
    name = made["FunctionName"]
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made.pop("LastModified"))
    assert re.fullmatch(UUID, made.pop("RevisionId"))
    version = made.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert re.fullmatch(rf"arn:aws:lambda:{REGION}::runtime:[0-9a-f]{{64}}", version)
    assert made == {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "Runtime": PYTHON,
        "Role": cloud.role_arn,
        "Handler": "app.handler",
        "CodeSize": len(PACKAGE),
        "CodeSha256": base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode(),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
    }


def test_F087_what_is_set_is_shown(cloud):
    settings = {
        "Description": "prices",
        "Timeout": 900,
        "MemorySize": 10240,
        "Environment": {"Variables": {"AB": "c"}},
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 10240},
        "TracingConfig": {"Mode": "Active"},
        "KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
        "SnapStart": {"ApplyOn": "PublishedVersions"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "prices"},
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }
    name = create(cloud, Runtime="python3.13", **settings)["FunctionName"]
    shown = active(cloud, name)["Configuration"]
    assert shown.pop("VpcConfig") == {
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
        "VpcId": shown_vpc(shown, cloud, name),
        "Ipv6AllowedForDualStack": False,
    }
    del settings["VpcConfig"]
    settings["SnapStart"] = {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    settings["LoggingConfig"] |= {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    assert {key: shown[key] for key in settings} == settings


def shown_vpc(shown, cloud, name):
    """The id is the lab's own; it has AWS's form."""
    vpc = cloud.client("lambda").get_function_configuration(FunctionName=name)["VpcConfig"]["VpcId"]
    assert re.fullmatch("vpc-[0-9a-f]{17}", vpc)
    return vpc


def test_F088_a_new_function_becomes_active(cloud):
    made = create(cloud)
    found = active(cloud, made["FunctionName"])["Configuration"]
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")
    assert not {"StateReason", "StateReasonCode", "LastUpdateStatusReason"} & set(found)
    assert found["RevisionId"] != made["RevisionId"]


def test_F088_the_code_can_be_downloaded_from_its_location(cloud):
    """On AWS the location is a presigned URL of S3: no credentials are needed, and a changed one is refused."""
    code = active(cloud, create(cloud)["FunctionName"])["Code"]
    assert code["RepositoryType"] == "S3"
    assert urllib.request.urlopen(code["Location"]).read() == PACKAGE
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(code["Location"].replace("Expires=1", "Expires=2"))
    assert refused.value.code == 403


def test_F089_while_a_function_is_pending_it_can_be_neither_invoked_nor_changed(slow_cloud):
    name = create(slow_cloud)["FunctionName"]
    client = slow_cloud.client("lambda")
    pending = (
        "ResourceConflictException",
        409,
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    )
    assert client.get_function_configuration(FunctionName=name)["State"] == "Pending"
    for call, more in (
        (client.invoke, {}),
        (client.invoke, {"InvocationType": "Event"}),
        (client.update_function_configuration, {"Timeout": 4}),
        (client.update_function_code, {"ZipFile": OTHER}),
        (client.publish_version, {}),
    ):
        assert refusal(call, FunctionName=name, **more) == pending
    active(slow_cloud, name)
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == "first"


def test_F089_F090_during_an_update_the_old_code_runs_and_no_second_update_begins(slow_cloud):
    name = create(slow_cloud)["FunctionName"]
    client = slow_cloud.client("lambda")
    before = active(slow_cloud, name)["Configuration"]
    answer = client.update_function_code(FunctionName=name, ZipFile=OTHER)
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    assert answer["LastUpdateStatusReason"] == "The function is being created."
    assert answer["LastUpdateStatusReasonCode"] == "Creating"
    assert answer["CodeSha256"] != before["CodeSha256"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    for call, more in (
        (client.update_function_configuration, {"Timeout": 4}),
        (client.update_function_code, {"ZipFile": PACKAGE}),
        (client.publish_version, {}),
    ):
        assert refusal(call, FunctionName=name, **more) == (
            "ResourceConflictException",
            409,
            f"The operation cannot be performed at this time. An update is in progress for resource: {arn}",
        )
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == "first"
    after = updated(slow_cloud, name)
    assert not {"LastUpdateStatusReason", "LastUpdateStatusReasonCode"} & set(after)
    assert len({before["RevisionId"], answer["RevisionId"], after["RevisionId"]}) == 3
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == "second"


def test_F090_an_update_answers_with_the_new_values_and_keeps_the_others(cloud):
    name = create(cloud, Description="kept", Environment={"Variables": {"AB": "c"}})["FunctionName"]
    before = active(cloud, name)["Configuration"]
    client = cloud.client("lambda")
    answer = client.update_function_configuration(FunctionName=name, Timeout=10, MemorySize=512)
    assert (answer["Timeout"], answer["MemorySize"], answer["Description"]) == (10, 512, "kept")
    assert answer["Environment"] == {"Variables": {"AB": "c"}}
    assert updated(cloud, name)["LastModified"] > before["LastModified"]


def test_F090_an_update_that_changes_nothing_is_an_update_all_the_same(cloud):
    name = create(cloud)["FunctionName"]
    before = active(cloud, name)["Configuration"]
    answer = cloud.client("lambda").update_function_configuration(FunctionName=name, Timeout=3)
    assert answer["LastUpdateStatus"] == "InProgress"
    assert updated(cloud, name)["RevisionId"] not in (before["RevisionId"], answer["RevisionId"])


def test_an_update_with_an_old_revision_id_is_refused(cloud):
    name = create(cloud)["FunctionName"]
    old = active(cloud, name)["Configuration"]["RevisionId"]
    client = cloud.client("lambda")
    client.update_function_configuration(FunctionName=name, Timeout=4, RevisionId=old)
    updated(cloud, name)
    for call, more in ((client.update_function_configuration, {}), (client.update_function_code, {"ZipFile": OTHER})):
        assert refusal(call, FunctionName=name, RevisionId=old, **more) == (
            "PreconditionFailedException",
            412,
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
            "retrieve the latest Revision Id",
        )


def test_a_dry_run_says_what_would_be_and_changes_nothing(cloud):
    name = create(cloud)["FunctionName"]
    before = active(cloud, name)["Configuration"]
    answer = cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=OTHER, DryRun=True)
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(OTHER).digest()).decode()
    assert cloud.client("lambda").get_function(FunctionName=name)["Configuration"] == before


def test_levels_of_a_log_come_and_go_with_the_json_format(cloud):
    name = create(cloud)["FunctionName"]
    client = cloud.client("lambda")
    group = {"LogGroup": f"/aws/lambda/{name}"}
    active(cloud, name)
    for sent, shown in (
        ({"LogFormat": "JSON"}, {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}),
        (
            {"ApplicationLogLevel": "DEBUG"},
            {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "INFO"},
        ),
        ({"LogFormat": "Text"}, {"LogFormat": "Text"}),
    ):
        answer = client.update_function_configuration(FunctionName=name, LoggingConfig=sent)
        assert answer["LoggingConfig"] == shown | group
        updated(cloud, name)
    assert refusal(
        client.update_function_configuration, FunctionName=name, LoggingConfig={"SystemLogLevel": "WARN"}
    ) == (
        "InvalidParameterValueException",
        400,
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
        'LogFormat to "JSON" and try again.',
    )


# --- refusals ------------------------------------------------------------------------------------------------------


def test_F091_a_name_is_taken_once(cloud):
    name = create(cloud)["FunctionName"]
    assert refusal(create, cloud=cloud, FunctionName=name) == (
        "ResourceConflictException",
        409,
        f"Function already exist: {name}",
    )


VALIDATION = "1 validation error detected: Value {} failed to satisfy constraint: Member must {}"
REFUSED = {
    "F093 role": (
        {"Role": "r1"},
        "ValidationException",
        VALIDATION.format(
            "'r1' at 'role'",
            r"satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        ),
    ),
    "F094 no such role": (
        {"Role": f"arn:aws:iam::{ACCOUNT}:role/nobody"},
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "F095 unknown runtime": (
        {"Runtime": "non-existent-runtime"},
        "InvalidParameterValueException",
        "Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
        f"{SUPPORTED} or be a valid ARN",
    ),
    "F095 upper case": (
        {"Runtime": "PYTHON3.9"},
        "InvalidParameterValueException",
        f"Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: {SUPPORTED} "
        "or be a valid ARN",
    ),
    "F095 deprecated": (
        {"Runtime": "python3.7"},
        "InvalidParameterValueException",
        "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. We "
        "recommend you use a supported runtime while creating or updating functions.",
    ),
    "F096 too little memory": (
        {"MemorySize": 64},
        "ValidationException",
        VALIDATION.format("'64' at 'memorySize'", "have value greater than or equal to 128"),
    ),
    "F096 too much memory": (
        {"MemorySize": 20480},
        "InvalidParameterValueException",
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
    ),
    "F097 too long": (
        {"Timeout": 901},
        "ValidationException",
        VALIDATION.format("'901' at 'timeout'", "have value less than or equal to 900"),
    ),
    "F097 too short": (
        {"Timeout": 0},
        "ValidationException",
        VALIDATION.format("'0' at 'timeout'", "have value greater than or equal to 1"),
    ),
    "F104 key begins with a digit": (
        {"Environment": {"Variables": {"1ABC": "x"}}},
        "ValidationException",
        "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must "
        "satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
    ),
    "F104 key of one letter": (
        {"Environment": {"Variables": {"A": "x"}}},
        "ValidationException",
        "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must "
        "satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
    ),
    "reserved key": (
        {"Environment": {"Variables": {"AB": "x", "AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "x"}}},
        "InvalidParameterValueException",
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
        "AWS_REGION, AWS_ACCESS_KEY_ID",
    ),
    "F102 too many variables": (
        {"Environment": {"Variables": {"LARGE_VAR": "x" * 4081}}},
        "InvalidParameterValueException",
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        f'exceeded the 4KB limit. String measured: {{"LARGE_VAR":"{"x" * 4081}"}}',
    ),
    "F114 two architectures": (
        {"Architectures": ["x86_64", "arm64"]},
        "ValidationException",
        VALIDATION.format("'[x86_64, arm64]' at 'architectures'", "have length less than or equal to 1"),
    ),
    "F114 upper case": (
        {"Architectures": ["X86_64"]},
        "ValidationException",
        VALIDATION.format(
            "'[X86_64]' at 'architectures'",
            "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        ),
    ),
    "too little storage": (
        {"EphemeralStorage": {"Size": 511}},
        "ValidationException",
        VALIDATION.format("'511' at 'ephemeralStorage.size'", "have value greater than or equal to 512"),
    ),
    "too much storage": (
        {"EphemeralStorage": {"Size": 10241}},
        "ValidationException",
        VALIDATION.format("'10241' at 'ephemeralStorage.size'", "have value less than or equal to 10240"),
    ),
    "level without JSON": (
        {"LoggingConfig": {"LogFormat": "Text", "ApplicationLogLevel": "DEBUG"}},
        "InvalidParameterValueException",
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
        'LogFormat to "JSON" and try again.',
    ),
    "unknown snapshot setting": (
        {"SnapStart": {"ApplyOn": "invalidOption"}},
        "ValidationException",
        VALIDATION.format(
            "'invalidOption' at 'snapStart.applyOn'", "satisfy enum value set: [PublishedVersions, None]"
        ),
    ),
    "snapshots of another runtime": (
        {"Runtime": "nodejs22.x", "SnapStart": {"ApplyOn": "PublishedVersions"}},
        "InvalidParameterValueException",
        "nodejs22.x is not supported for SnapStart enabled functions.",
    ),
    "subnet": (
        {"VpcConfig": {"SubnetIds": ["bad"], "SecurityGroupIds": []}},
        "ValidationException",
        VALIDATION.format(
            "'[bad]' at 'vpcConfig.subnetIds'",
            "satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater "
            "than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]",
        ),
    ),
    "two at once": (
        {"Timeout": 901, "MemorySize": 64},
        "ValidationException",
        "2 validation errors detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value "
        "less than or equal to 900; Value '64' at 'memorySize' failed to satisfy constraint: Member must have value "
        "greater than or equal to 128",
    ),
    "no runtime": (
        {"Runtime": None},
        "InvalidParameterValueException",
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    ),
    "F098 not a zip": (
        {"Code": {"ZipFile": b"not a zip"}},
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    "F098 nothing": (
        {"Code": {"ZipFile": b""}},
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    "F098 cut off": (
        {"Code": {"ZipFile": PACKAGE[:-30]}},
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    "F098 leaves its folder": (
        {"Code": {"ZipFile": zip_of({"../app.py": ""})}},
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    "an empty zip": (
        {"Code": {"ZipFile": zip_of({})}},
        "InvalidParameterValueException",
        "Uploaded file must be a non-empty zip",
    ),
    "no code": ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code."),
    "no such bucket": (
        {"Code": {"S3Bucket": "no-such-bucket", "S3Key": "k"}},
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not "
        "exist",
    ),
    "too many tags": (
        {"Tags": {f"key{number}": "v" for number in range(51)}},
        "InvalidParameterValueException",
        "Number of tags exceeds resource tag limit.",
    ),
    "long name": (
        {"FunctionName": "a" * 65},
        "InvalidParameterValueException",
        VALIDATION.format(f"'{'a' * 65}' at 'functionName'", "have length less than or equal to 64"),
    ),
    "long ARN": (
        {"FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{'a' * 100}"},
        "ValidationException",
        VALIDATION.format(
            f"'arn:aws:lambda:{REGION}:{ACCOUNT}:function:{'a' * 100}' at 'functionName'",
            "have length less than or equal to 140",
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_create_refuses(cloud, client, case):
    changes, code, message = REFUSED[case]
    sent = {key: value for key, value in parameters(cloud, **changes).items() if value is not None}
    assert refusal(client.create_function, **sent) == (code, 400, message)


@pytest.mark.parametrize(
    "case", ["F093 role", "F095 unknown runtime", "F096 too much memory", "F097 too long", "F102 too many variables"]
)
def test_an_update_of_the_configuration_refuses_the_same(cloud, client, case):
    changes, code, message = REFUSED[case]
    name = create(cloud)["FunctionName"]
    active(cloud, name)
    assert refusal(client.update_function_configuration, FunctionName=name, **changes) == (code, 400, message)


@pytest.mark.parametrize("case", ["F098 not a zip", "no such bucket", "F114 two architectures"])
def test_an_update_of_the_code_refuses_the_same(cloud, client, case):
    changes, code, message = REFUSED[case]
    name = create(cloud)["FunctionName"]
    active(cloud, name)
    more = changes.get("Code") or changes | {"ZipFile": PACKAGE}
    assert refusal(client.update_function_code, FunctionName=name, **more) == (code, 400, message)


def test_F102_the_last_variables_that_fit_pass(cloud):
    create(cloud, Environment={"Variables": {"LARGE_VAR": "x" * 4080}})


def test_F093_the_names_in_a_validation_error_and_its_body(cloud):
    """A ValidationException has a message and nothing else; Lambda's own errors have a Type."""
    address = urlsplit(cloud.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    for body, code, document in (
        (
            b'{"FunctionName": "f"}',
            "ValidationException",
            {
                "message": "2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must "
                "not be null; Value null at 'code' failed to satisfy constraint: Member must not be null"
            },
        ),
        (
            json.dumps({"FunctionName": "f", "Role": cloud.role_arn, "Code": {}}).encode(),
            "InvalidParameterValueException",
            {
                "Type": "User",
                "message": "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            },
        ),
        (b'{"Timeout": "3"}', "SerializationException", {"message": "STRING_VALUE can not be converted to an Integer"}),
    ):
        connection.request("POST", "/2015-03-31/functions", body)
        response = connection.getresponse()
        assert (response.status, response.headers["x-amzn-ErrorType"]) == (400, code)
        assert re.fullmatch(UUID, response.headers["x-amzn-RequestId"])
        assert json.loads(response.read()) == document
    connection.close()


def test_a_body_that_is_not_json(cloud):
    address = urlsplit(cloud.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.request("POST", "/2015-03-31/functions", b"{nope")
    response = connection.getresponse()
    document = json.loads(response.read())
    connection.close()
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (400, "InvalidRequestContentException")
    assert document["message"].startswith(
        "Could not parse request body into json: Unexpected character ('n' (code 110))"
    )


def test_F094_F217_the_trust_policy_must_name_lambda(cloud):
    iam = cloud.client("iam")
    trust = json.dumps(TRUST).replace("lambda.amazonaws.com", "ec2.amazonaws.com")
    name = unique_name("ec2")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    refused = (
        "InvalidParameterValueException",
        400,
        "The role defined for the function cannot be assumed by Lambda.",
    )
    assert refusal(create, cloud=cloud, Role=role) == refused
    function = create(cloud)["FunctionName"]
    active(cloud, function)
    client = cloud.client("lambda")
    assert refusal(client.update_function_configuration, FunctionName=function, Role=role) == refused
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(TRUST))
    create(cloud, Role=role)


def test_F219_a_role_of_another_account(cloud):
    assert refusal(create, cloud=cloud, Role="arn:aws:iam::210987654321:role/theirs") == (
        "AccessDeniedException",
        403,
        "Cross-account pass role is not allowed.",
    )


def test_F099_a_zip_over_50_mb_is_refused(cloud):
    """One byte too many; the request is under its own limit."""
    assert refusal(create, cloud=cloud, Code={"ZipFile": bytes(50 * 1024 * 1024 + 1)}) == (
        "RequestEntityTooLargeException",
        413,
        "Zipped size must be smaller than 52428800 bytes",
    )


def test_F099_a_zip_that_unpacks_to_more_than_250_mb_is_refused(cloud):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(250 * 1024 * 1024 + 1))
    bomb = buffer.getvalue()
    assert refusal(create, cloud=cloud, Code={"ZipFile": bomb}) == (
        "InvalidParameterValueException",
        400,
        "Unzipped size must be smaller than 262144000 bytes",
    )


def test_F100_a_request_over_70_mb_is_refused(cloud):
    assert refusal(create, cloud=cloud, Code={"ZipFile": bytes(53 * 1024 * 1024)}) == (
        "RequestEntityTooLargeException",
        413,
        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
    )


def test_F100_an_update_of_the_configuration_has_a_smaller_limit(cloud):
    name = create(cloud)["FunctionName"]
    active(cloud, name)
    variables = {"Variables": {"LARGE": "x" * 5200}}
    call = cloud.client("lambda").update_function_configuration
    assert refusal(call, FunctionName=name, Environment=variables) == (
        "RequestEntityTooLargeException",
        413,
        "Request must be smaller than 5120 bytes for the UpdateFunctionConfiguration operation",
    )


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"PackageType": "Image", "Code": {"ImageUri": "123.dkr.ecr.us-east-1.amazonaws.com/x"}}, "container images"),
        (
            {
                "FileSystemConfigs": [
                    {
                        "Arn": f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-{'0' * 17}",
                        "LocalMountPath": "/mnt/a",
                    }
                ]
            },
            "FileSystemConfigs",
        ),
    ],
    ids=["image", "file system"],
)
def test_what_the_lab_does_not_have_is_said(cloud, settings, what):
    code, status, message = refusal(create, cloud=cloud, **settings)
    assert (code, status) == ("NotImplementedException", 501)
    assert message.startswith("The local cloud does not have ") and what in message


def test_an_operation_the_lab_does_not_have_is_named(cloud):
    code, status, message = refusal(cloud.client("lambda").list_capacity_providers)
    assert (code, status) == ("NotImplementedException", 501)
    assert message == "The local cloud does not have the operation ListCapacityProviders. On AWS it exists."


# --- code from a bucket --------------------------------------------------------------------------------------------


def test_code_from_a_bucket(cloud):
    s3, client = cloud.client("s3"), cloud.client("lambda")
    bucket = unique_name("packages")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="dist/a b+c.zip", Body=PACKAGE)["VersionId"]
    s3.put_object(Bucket=bucket, Key="dist/a b+c.zip", Body=OTHER)
    name = create(cloud, Code={"S3Bucket": bucket, "S3Key": "dist/a b+c.zip"})["FunctionName"]
    active(cloud, name)
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == "second"
    client.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key="dist/a b+c.zip", S3ObjectVersion=old)
    updated(cloud, name)
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == "first"
    assert refusal(client.update_function_code, FunctionName=name, S3Bucket=bucket, S3Key="none") == (
        "InvalidParameterValueException",
        400,
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
    )


def test_a_bucket_must_be_in_the_functions_region(cloud):
    bucket = unique_name("elsewhere")
    cloud.client("s3").create_bucket(Bucket=bucket)
    cloud.client("s3").put_object(Bucket=bucket, Key="k", Body=PACKAGE)
    call = cloud.client("lambda", "eu-west-1").create_function
    assert refusal(call, **parameters(cloud, Code={"S3Bucket": bucket, "S3Key": "k"})) == (
        "InvalidParameterValueException",
        400,
        "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this "
        f"region: {REGION}. Please use this region to retry the request",
    )


# --- names, lists, deletion ----------------------------------------------------------------------------------------


def test_every_form_of_a_name_reads_the_same_function(cloud):
    made = create(cloud)
    name, client = made["FunctionName"], cloud.client("lambda")
    for form in (name, f"function:{name}", f"{ACCOUNT}:function:{name}", made["FunctionArn"]):
        assert client.get_function_configuration(FunctionName=form)["FunctionArn"] == made["FunctionArn"]
    latest = client.get_function_configuration(FunctionName=f"{name}:$LATEST")
    assert latest["FunctionArn"] == f"{made['FunctionArn']}:$LATEST"


def test_qualifiers_that_disagree(cloud):
    call = cloud.client("lambda").get_function
    assert refusal(call, FunctionName="some-function:1", Qualifier="2") == (
        "InvalidParameterValueException",
        400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


def test_F221_a_function_of_another_region_or_account(cloud):
    call = cloud.client("lambda").get_function
    assert refusal(call, FunctionName=f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:f") == (
        "ResourceNotFoundException",
        404,
        f"Functions from 'ap-southeast-1' are not reachable in this region ('{REGION}')",
    )
    code, status, _message = refusal(call, FunctionName=f"arn:aws:lambda:{REGION}:210987654321:function:f")
    assert (code, status) == ("AccessDeniedException", 403)


def test_a_name_that_is_none(cloud, client):
    code, status, message = refusal(client.create_function, **parameters(cloud, FunctionName="invalid:function:name"))
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(
        "1 validation error detected: Value 'invalid:function:name' at 'functionName' failed to satisfy constraint: Member "
        "must satisfy regular expression pattern: "
    )


def test_lists_come_in_pages_without_states(slow_cloud):
    """The region's own list: another test's functions are elsewhere."""
    client = slow_cloud.client("lambda", "eu-north-1")
    names = [f"listed-{number:02d}" for number in range(5)]
    for name in names:
        client.create_function(**parameters(slow_cloud, FunctionName=name))
    first = client.list_functions(MaxItems=2)
    assert [one["FunctionName"] for one in first["Functions"]] == names[:2]
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [one["FunctionName"] for page in pages for one in page["Functions"]] == names
    shown = first["Functions"][0]
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig", "StateReason"} & set(shown)
    assert shown["FunctionArn"].endswith(":function:listed-00")
    qualified = client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [one["FunctionArn"].rpartition(":")[2] for one in qualified] == ["$LATEST"] * 5
    assert client.list_functions(Marker="")["Functions"] == client.list_functions()["Functions"]


def test_a_list_of_an_unknown_kind(client):
    assert refusal(client.list_functions, FunctionVersion="invalid") == (
        "ValidationException",
        400,
        "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ALL]",
    )


def test_F105_deletion(cloud):
    function = cloud.deploy("def handler(event, context): pass")
    function.invoke()
    client = cloud.client("lambda")
    assert refusal(client.delete_function, FunctionName=function.name, Qualifier="$LATEST") == (
        "InvalidParameterValueException",
        400,
        "$LATEST version cannot be deleted without deleting the function.",
    )
    assert client.delete_function(FunctionName=function.name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    gone = ("ResourceNotFoundException", 404, f"Function not found: {function.arn}")
    assert refusal(client.delete_function, FunctionName=function.name) == gone
    assert refusal(client.get_function, FunctionName=function.name) == gone
    assert function.log_streams(), "the log group stays"


# --- tags, account, runtime management, recursion -------------------------------------------------------------------


def test_tags(cloud):
    client = cloud.client("lambda")
    made = create(cloud, Tags={"team": "prices"})
    arn = made["FunctionArn"]
    assert client.tag_resource(Resource=arn, Tags={"stage": "test"})["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "prices", "stage": "test"}
    assert client.get_function(FunctionName=arn)["Tags"] == {"team": "prices", "stage": "test"}
    client.untag_resource(Resource=arn, TagKeys=["team", "none"])
    assert client.list_tags(Resource=arn)["Tags"] == {"stage": "test"}
    assert refusal(client.tag_resource, Resource=arn, Tags={str(number): "" for number in range(50)}) == (
        "InvalidParameterValueException",
        400,
        "Number of tags exceeds resource tag limit.",
    )
    assert refusal(client.tag_resource, Resource=arn, Tags={}) == (
        "InvalidParameterValueException",
        400,
        "An error occurred and the request cannot be processed.",
    )
    for call, more in ((client.tag_resource, {"Tags": {"a": "b"}}), (client.list_tags, {})):
        assert refusal(call, Resource=f"{arn}:$LATEST", **more) == (
            "InvalidParameterValueException",
            400,
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        )
        assert refusal(call, Resource=f"{arn}x", **more) == (
            "ResourceNotFoundException",
            404,
            f"Function not found: {arn}x",
        )


def test_untagging_needs_keys(cloud, client):
    arn = create(cloud)["FunctionArn"]
    assert refusal(client.untag_resource, Resource=arn, TagKeys=[]) == (
        "ValidationException",
        400,
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    )


def test_tags_of_something_else(client):
    resource = f"arn:aws:lambda:{REGION}:{ACCOUNT}:foobar:f"
    code, status, message = refusal(client.list_tags, Resource=resource)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(f"1 validation error detected: Value '{resource}' at 'resource' failed to satisfy")


def test_account_settings_know_the_clouds_limit(slow_cloud):
    client = slow_cloud.client("lambda", "ap-south-1")
    before = client.get_account_settings()
    assert before["AccountLimit"] == {
        "TotalCodeSize": 80530636800,
        "CodeSizeUnzipped": 262144000,
        "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 10,
        "UnreservedConcurrentExecutions": 10,
    }
    assert before["AccountUsage"] == {"TotalCodeSize": 0, "FunctionCount": 0}
    client.create_function(**parameters(slow_cloud))
    assert client.get_account_settings()["AccountUsage"] == {"TotalCodeSize": len(PACKAGE), "FunctionCount": 1}


def test_runtime_management(cloud):
    made, client = create(cloud), cloud.client("lambda")
    name, arn = made["FunctionName"], f"{made['FunctionArn']}:$LATEST"
    version = made["RuntimeVersionConfig"]["RuntimeVersionArn"]
    found = without_metadata(client.get_runtime_management_config(FunctionName=name))
    assert found == {"UpdateRuntimeOn": "Auto", "FunctionArn": arn}
    answer = client.put_runtime_management_config(
        FunctionName=name, UpdateRuntimeOn="Manual", RuntimeVersionArn=version
    )
    assert without_metadata(answer) == {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": version, "FunctionArn": arn}
    assert without_metadata(client.get_runtime_management_config(FunctionName=name)) == without_metadata(answer)


def test_F115_the_recursion_setting(cloud, client):
    name = create(cloud)["FunctionName"]
    assert client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    answer = client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    assert answer["RecursiveLoop"] == "Allow"
    assert client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    assert refusal(client.put_function_recursion_config, FunctionName=name, RecursiveLoop="InvalidValue") == (
        "ValidationException",
        400,
        "1 validation error detected: Value 'InvalidValue' at 'recursiveLoop' failed to satisfy constraint: Member must "
        "satisfy enum value set: [Terminate, Allow]",
    )


def test_a_function_of_another_language_is_taken_and_says_at_its_start_that_only_python_runs(cloud):
    """On AWS it would run; here its log says why it cannot."""
    function = cloud.deploy(
        "", files={"index.js": "exports.handler = async () => 1;"}, Runtime="nodejs22.x", Handler="index.handler"
    )
    answer = function.invoke()
    assert answer.function_error == "Unhandled"
    assert any(
        "LAB NOTE: this lab runs Python functions only. The runtime nodejs22.x" in line
        for line in function.log_events()
    )
