"""Layers: publishing, listing, permissions, what a function may reference, and what its code then finds in /opt."""

from __future__ import annotations

import base64
import datetime
import hashlib
import io
import json
import urllib.request
import zipfile

import pytest

from .deployment import ACCOUNT, PYTHON, REGION, CloudUnderTest, Function, refusal, unique_name, zip_of

NOTHING = "def handler(event, context): return event\n"
IMPORTS = """
    import importlib

    def handler(event, context):
        return importlib.import_module(event).WHO
"""
MISSING = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
ARN_PATTERN = (
    r"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:"
    r"[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))"
)


@pytest.fixture(scope="module")
def client(cloud_of):
    """Publishing and permissions are the control plane's: one runtime client is enough."""
    return cloud_of("fallback").client("lambda")


@pytest.fixture(scope="module")
def function(cloud_of) -> Function:
    """A function that refusals of UpdateFunctionConfiguration leave as it is."""
    return cloud_of("fallback").deploy(NOTHING)


def package(**modules: str) -> dict[str, bytes]:
    """Content of a layer with these Python modules, each saying who it is."""
    return {"ZipFile": zip_of({f"python/{name}.py": f"WHO = {who!r}\n" for name, who in modules.items()})}


def published(client, name: str | None = None, **settings) -> dict:
    settings.setdefault("Content", package(mylib="layer"))
    return client.publish_layer_version(LayerName=name or unique_name("layer"), **settings)


def arn_of(name: str, version: int | None = None) -> str:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}"
    return arn if version is None else f"{arn}:{version}"


def facts(answer: dict) -> dict:
    """An answer without what differs from call to call."""
    rest = {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "CreatedDate")}
    rest.get("Content", {}).pop("Location", None)
    return rest


# --- publishing ----------------------------------------------------------------------------------------------------


def test_F113_publish_describes_the_version(client):
    """201 with the ARNs of the layer and of version 1, hash and size of the zip. Recorded from AWS."""
    name, content = unique_name("layer"), package(mylib="one")
    answer = published(
        client,
        name,
        Content=content,
        Description="shared code",
        LicenseInfo="MIT",
        CompatibleRuntimes=["python3.12", "python3.13"],
        CompatibleArchitectures=["x86_64"],
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    created = datetime.datetime.strptime(answer["CreatedDate"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert abs(datetime.datetime.now(datetime.UTC) - created) < datetime.timedelta(minutes=1)
    assert answer["CreatedDate"].endswith("+0000")
    assert facts(answer) == {
        "Content": {
            "CodeSha256": base64.b64encode(hashlib.sha256(content["ZipFile"]).digest()).decode(),
            "CodeSize": len(content["ZipFile"]),
        },
        "LayerArn": arn_of(name),
        "LayerVersionArn": arn_of(name, 1),
        "Description": "shared code",
        "Version": 1,
        "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.12", "python3.13"],
        "CompatibleArchitectures": ["x86_64"],
    }


def test_F113_what_was_not_said_is_left_out(client):
    """Without a licence and compatibilities those keys are absent; the description is empty text. Recorded from AWS."""
    answer = facts(published(client))
    assert set(answer) == {"Content", "LayerArn", "LayerVersionArn", "Description", "Version"}
    assert answer["Description"] == ""


def test_F113_empty_lists_stay_empty_lists(client):
    """Recorded from AWS."""
    answer = published(client, CompatibleRuntimes=[], CompatibleArchitectures=[])
    assert answer["CompatibleRuntimes"] == answer["CompatibleArchitectures"] == []


def test_F113_version_numbers_are_never_used_again(client):
    """Version 3 follows although 1 and 2 are gone, and the layer itself is not listed in between. Recorded from AWS."""
    name = unique_name("layer")
    assert [published(client, name)["Version"] for _ in range(2)] == [1, 2]
    for version in (1, 2):
        deleted = client.delete_layer_version(LayerName=name, VersionNumber=version)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.list_layer_versions(LayerName=name)["LayerVersions"] == []
    assert name not in {layer["LayerName"] for layer in all_layers(client)}
    assert published(client, name)["Version"] == 3


def test_F113_the_location_downloads_the_very_zip(client):
    """Content.Location is a link that needs no credentials."""
    content = package(mylib="download me")
    answer = published(client, Content=content)
    for link in (
        answer["Content"]["Location"],
        client.get_layer_version_by_arn(Arn=answer["LayerVersionArn"])["Content"]["Location"],
    ):
        with urllib.request.urlopen(link, timeout=10) as response:
            assert response.read() == content["ZipFile"]


def test_F113_content_from_s3(cloud_of, client):
    """Recorded from AWS."""
    s3, bucket = cloud_of("fallback").client("s3"), unique_name("layers")
    s3.create_bucket(Bucket=bucket)
    content = package(mylib="from S3")["ZipFile"]
    s3.put_object(Bucket=bucket, Key="folder/layer.zip", Body=content)
    answer = published(client, Content={"S3Bucket": bucket, "S3Key": "folder/layer.zip"})
    assert answer["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_content_from_s3_that_is_not_there(cloud_of, client):
    """S3's own refusal is handed on, as CreateFunction does. Recorded from AWS (for functions)."""
    s3, bucket = cloud_of("fallback").client("s3"), unique_name("layers")
    s3.create_bucket(Bucket=bucket)
    refused = refusal(
        client.publish_layer_version, LayerName=unique_name("layer"), Content={"S3Bucket": bucket, "S3Key": "nope.zip"}
    )
    assert refused[:2] == ("InvalidParameterValueException", 400)
    assert refused[2].startswith("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: ")


def test_a_layer_may_be_named_by_its_arn(client):
    """LayerName takes the layer's ARN everywhere."""
    name = unique_name("layer")
    published(client, name)
    assert published(client, arn_of(name))["Version"] == 2
    assert client.get_layer_version(LayerName=arn_of(name), VersionNumber=2)["LayerVersionArn"] == arn_of(name, 2)
    assert len(client.list_layer_versions(LayerName=arn_of(name))["LayerVersions"]) == 2


def test_content_that_is_not_a_zip(client):
    """The text is that of functions."""
    assert refusal(client.publish_layer_version, LayerName=unique_name("layer"), Content={"ZipFile": b"not a zip"}) == (
        "InvalidParameterValueException",
        400,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    )


def test_content_that_unpacks_to_more_than_250_mb(client):
    """The text is that of functions. Recorded from AWS (for functions)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("python/big", "w") as member:
            for _ in range(251):
                member.write(bytes(1024 * 1024))
    assert refusal(
        client.publish_layer_version, LayerName=unique_name("layer"), Content={"ZipFile": buffer.getvalue()}
    ) == ("InvalidParameterValueException", 400, "Unzipped size must be smaller than 262144000 bytes")


def test_F113_malformed_compatibilities(client):
    """Both lists are named in one answer. Recorded from AWS, but for the runtimes it lists."""
    code, status, message = refusal(
        client.publish_layer_version,
        LayerName=unique_name("layer"),
        Content=package(a="a"),
        CompatibleRuntimes=["invalidruntime", "python3.13"],
        CompatibleArchitectures=["invalidarch", "x86_64"],
    )
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(
        "2 validation errors detected: Value '[invalidruntime, python3.13]' at 'compatibleRuntimes' failed to satisfy "
        "constraint: Member must satisfy enum value set: [nodejs20.x, "
    )
    assert message.endswith(
        "; Value '[invalidarch, x86_64]' at 'compatibleArchitectures' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )


def test_at_most_fifteen_compatible_runtimes(client):
    """Fifteen are accepted (recorded from AWS), the sixteenth is too many."""
    runtimes = [f"python3.{minor}" for minor in range(6, 15)] + [f"nodejs{major}.x" for major in range(10, 24, 2)]
    name = unique_name("layer")
    answer = published(client, name, CompatibleRuntimes=runtimes[:15])
    assert answer["CompatibleRuntimes"] == runtimes[:15]
    code, status, message = refusal(
        client.publish_layer_version, LayerName=name, Content=package(a="a"), CompatibleRuntimes=runtimes
    )
    assert (code, status) == ("ValidationException", 400)
    assert message == (
        f"1 validation error detected: Value '[{', '.join(runtimes)}]' at 'compatibleRuntimes' failed to satisfy "
        "constraint: Member must have length less than or equal to 15"
    )


# --- reading -------------------------------------------------------------------------------------------------------


def test_F113_get_by_number_and_by_arn_say_the_same(client):
    """Recorded from AWS."""
    name = unique_name("layer")
    made = published(client, name, Description="d", LicenseInfo="MIT", CompatibleRuntimes=["python3.13"])
    by_number = client.get_layer_version(LayerName=name, VersionNumber=1)
    by_arn = client.get_layer_version_by_arn(Arn=arn_of(name, 1))
    assert by_number["CreatedDate"] == made["CreatedDate"]
    assert facts(by_number) == facts(by_arn) == facts(made)


def test_F113_reading_what_is_not_there(client):
    """Recorded from AWS."""
    name = unique_name("layer")
    published(client, name)
    too_small = ("InvalidParameterValueException", 400, "Layer Version Cannot be less than 1")
    assert refusal(client.get_layer_version, LayerName="doesnotexist", VersionNumber=1) == MISSING
    assert refusal(client.get_layer_version, LayerName=name, VersionNumber=2) == MISSING
    assert refusal(client.get_layer_version, LayerName=name, VersionNumber=0) == too_small
    assert refusal(client.get_layer_version, LayerName=name, VersionNumber=-1) == too_small
    assert refusal(client.get_layer_version_by_arn, Arn=arn_of(name, 7)) == MISSING
    assert refusal(client.get_layer_version_by_arn, Arn=arn_of(name)) == (
        "ValidationException",
        400,
        f"1 validation error detected: Value '{arn_of(name)}' at 'arn' failed to satisfy constraint: Member must "
        f"satisfy regular expression pattern: {ARN_PATTERN}",
    )
    client.delete_layer_version(LayerName=name, VersionNumber=1)
    assert refusal(client.get_layer_version, LayerName=name, VersionNumber=1) == MISSING


def test_F113_deleting_what_is_not_there(client):
    """Is no error, but for a number below 1. Recorded from AWS."""
    name = unique_name("layer")
    published(client, name)
    for layer, version in (("doesnotexist", 1), (name, 9), (name, 1), (name, 1)):
        answer = client.delete_layer_version(LayerName=layer, VersionNumber=version)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(client.delete_layer_version, LayerName=name, VersionNumber=-1) == (
        "InvalidParameterValueException",
        400,
        "Layer Version Cannot be less than 1",
    )


def test_F113_versions_are_listed_newest_first(client):
    """Without content; nothing for a layer that is not there. Recorded from AWS."""
    name = unique_name("layer")
    for number in (1, 2):
        published(client, name, Description=f"number {number}", LicenseInfo="MIT")
    assert [facts(one) for one in client.list_layer_versions(LayerName=name)["LayerVersions"]] == [
        {
            "LayerVersionArn": arn_of(name, number),
            "Version": number,
            "Description": f"number {number}",
            "LicenseInfo": "MIT",
        }
        for number in (2, 1)
    ]
    assert client.list_layer_versions(LayerName="doesnotexist")["LayerVersions"] == []


def test_versions_are_listed_in_pages(client):
    """MaxItems limits a page and NextMarker leads on to the next."""
    name = unique_name("layer")
    for _ in range(5):
        published(client, name)
    first = client.list_layer_versions(LayerName=name, MaxItems=2)
    second = client.list_layer_versions(LayerName=name, MaxItems=2, Marker=first["NextMarker"])
    third = client.list_layer_versions(LayerName=name, MaxItems=2, Marker=second["NextMarker"])
    pages = [[one["Version"] for one in page["LayerVersions"]] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert "NextMarker" not in third
    pages = client.get_paginator("list_layer_versions").paginate(LayerName=name, PaginationConfig={"PageSize": 2})
    assert [one["Version"] for page in pages for one in page["LayerVersions"]] == [5, 4, 3, 2, 1]


def test_lists_can_be_narrowed_to_a_runtime_or_an_architecture(client):
    """Versions that name the runtime (the architecture) are listed, and layers with their newest such version."""
    name = unique_name("layer")
    published(client, name, CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["arm64"])
    published(client, name, CompatibleRuntimes=["python3.13"], CompatibleArchitectures=["x86_64"])

    def versions(**narrow):
        return [one["Version"] for one in client.list_layer_versions(LayerName=name, **narrow)["LayerVersions"]]

    def newest(**narrow):
        return [
            one["LatestMatchingVersion"]["Version"] for one in all_layers(client, **narrow) if one["LayerName"] == name
        ]

    assert versions(CompatibleRuntime="python3.12") == newest(CompatibleRuntime="python3.12") == [1]
    assert versions(CompatibleRuntime="python3.13") == newest(CompatibleRuntime="python3.13") == [2]
    assert versions(CompatibleArchitecture="arm64") == newest(CompatibleArchitecture="arm64") == [1]
    assert versions(CompatibleRuntime="ruby3.4") == newest(CompatibleRuntime="ruby3.4") == []
    both = {"CompatibleRuntime": "python3.12", "CompatibleArchitecture": "x86_64"}
    assert versions(**both) == newest(**both) == []


def test_F113_a_runtime_that_does_not_exist_cannot_be_listed(client):
    """Recorded from AWS."""
    code, status, message = refusal(client.list_layers, CompatibleRuntime="runtimedoesnotexist")
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(
        "1 validation error detected: Value 'runtimedoesnotexist' at 'compatibleRuntime' failed to satisfy constraint: "
        "Member must satisfy enum value set: ["
    )
    assert refusal(client.list_layers, CompatibleArchitecture="archdoesnotexist") == (
        "ValidationException",
        400,
        "1 validation error detected: Value 'archdoesnotexist' at 'compatibleArchitecture' failed to satisfy "
        "constraint: Member must satisfy enum value set: [x86_64, arm64]",
    )


def test_layers_are_listed_with_their_newest_version(client):
    """One entry a layer; two pages hold what one holds."""
    name = unique_name("layer")
    for _ in range(2):
        published(client, name)
    (mine,) = [layer for layer in all_layers(client) if layer["LayerName"] == name]
    assert mine["LayerArn"] == arn_of(name)
    assert facts(mine["LatestMatchingVersion"]) == {
        "LayerVersionArn": arn_of(name, 2),
        "Version": 2,
        "Description": "",
    }
    small = client.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 2})
    assert [layer["LayerName"] for page in small for layer in page["Layers"]] == [
        layer["LayerName"] for layer in all_layers(client)
    ]


def all_layers(client, **narrow) -> list[dict]:
    pages = client.get_paginator("list_layers").paginate(**narrow)
    return [layer for page in pages for layer in page["Layers"]]


# --- permissions of layer versions ---------------------------------------------------------------------------------


EVERYBODY = {"Action": "lambda:GetLayerVersion", "Principal": "*"}
LAYER_REVISION = (
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the "
    "latest Revision Id",
)


def test_layer_version_permissions(client):
    """Add two, read them, remove one: the statement is JSON text and each change makes a revision. Recorded from AWS."""
    name = unique_name("layer")
    published(client, name)
    where = {"LayerName": name, "VersionNumber": 1}
    first = client.add_layer_version_permission(StatementId="s1", **where, **EVERYBODY)
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert first["Statement"] == (
        '{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",'
        f'"Resource":"{arn_of(name, 1)}"}}'
    )
    policy = client.get_layer_version_policy(**where)
    assert policy["RevisionId"] == first["RevisionId"]
    assert json.loads(policy["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [json.loads(first["Statement"])],
    }
    second = client.add_layer_version_permission(StatementId="s2", RevisionId=first["RevisionId"], **where, **EVERYBODY)
    assert second["RevisionId"] != first["RevisionId"]
    removed = client.remove_layer_version_permission(StatementId="s2", RevisionId=second["RevisionId"], **where)
    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    policy = client.get_layer_version_policy(**where)
    assert [one["Sid"] for one in json.loads(policy["Policy"])["Statement"]] == ["s1"]
    assert policy["RevisionId"] not in (first["RevisionId"], second["RevisionId"])


def test_layer_version_permissions_for_accounts_and_organizations(client):
    """An account becomes its root, an organization a condition."""
    name = unique_name("layer")
    published(client, name)
    where = {"LayerName": name, "VersionNumber": 1, "Action": "lambda:GetLayerVersion"}
    account = client.add_layer_version_permission(StatementId="account", Principal="111122223333", **where)
    assert json.loads(account["Statement"])["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    organization = client.add_layer_version_permission(
        StatementId="organization", Principal="*", OrganizationId="o-1234567890", **where
    )
    assert json.loads(organization["Statement"])["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}
    }


def test_layer_version_permission_refusals(client):
    """Recorded from AWS."""
    name = unique_name("layer")
    published(client, name)
    where = {"LayerName": name, "VersionNumber": 1}
    assert refusal(client.get_layer_version_policy, **where) == (
        "ResourceNotFoundException",
        404,
        "No policy is associated with the given resource.",
    )
    client.add_layer_version_permission(StatementId="s1", **where, **EVERYBODY)
    add = {"StatementId": "s1", **where, **EVERYBODY}
    assert refusal(client.add_layer_version_permission, **{**add, "Action": "*"}) == (
        "ValidationException",
        400,
        "1 validation error detected: Value '*' at 'action' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: lambda:GetLayerVersion",
    )
    assert refusal(client.add_layer_version_permission, **add) == (
        "ResourceConflictException",
        409,
        "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing "
        "statement.",
    )
    assert refusal(client.add_layer_version_permission, **{**add, "StatementId": "s2"}, RevisionId="wrong") == (
        LAYER_REVISION
    )
    assert refusal(client.remove_layer_version_permission, StatementId="nope", **where) == (
        "ResourceNotFoundException",
        404,
        "Statement nope is not found in resource policy.",
    )
    assert refusal(client.remove_layer_version_permission, StatementId="s1", RevisionId="wrong", **where) == (
        LAYER_REVISION
    )
    for layer, version in ((f"{name}-doesnotexist", 1), (name, 2)):
        missing = ("ResourceNotFoundException", 404, f"Layer version {arn_of(layer, version)} does not exist.")
        there = {"LayerName": layer, "VersionNumber": version}
        assert refusal(client.add_layer_version_permission, **{**add, **there}) == missing
        assert refusal(client.get_layer_version_policy, **there) == missing
        assert refusal(client.remove_layer_version_permission, StatementId="s1", **there) == missing


# --- what a function may reference ---------------------------------------------------------------------------------


def layers_refused(client, function: Function, layers: list[str]) -> tuple[str, int, str]:
    """The same refusal of UpdateFunctionConfiguration and of CreateFunction."""
    role = client.get_function_configuration(FunctionName=function.name)["Role"]
    updating = refusal(client.update_function_configuration, FunctionName=function.name, Layers=layers)
    creating = refusal(
        client.create_function,
        FunctionName=unique_name("case"),
        Runtime=PYTHON,
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": zip_of({"app.py": NOTHING})},
        Layers=layers,
    )
    assert updating == creating
    return creating


def test_F113_two_versions_of_one_layer(client, function):
    """The first two are named; the same version twice counts, too. Recorded from AWS."""
    name = unique_name("layer")
    one, two, three = (published(client, name)["LayerVersionArn"] for _ in range(3))
    for layers in ([one, two], [one, two, three], [one, one]):
        assert layers_refused(client, function, layers) == (
            "InvalidParameterValueException",
            400,
            "Two different versions of the same layer are not allowed to be referenced in the same function. "
            f"{layers[0]} and {layers[1]} are versions of the same layer.",
        )


def test_F113_six_layers(client, function):
    """Recorded from AWS."""
    layers = [published(client)["LayerVersionArn"] for _ in range(6)]
    assert layers_refused(client, function, layers) == (
        "InvalidParameterValueException",
        400,
        "Cannot reference more than 5 layers.",
    )


def test_F113_a_layer_that_is_not_there(client, function):
    """An unknown layer and an unknown version. Recorded from AWS."""
    name = unique_name("layer")
    published(client, name)
    for arn in (arn_of("doesnotexist", 1), arn_of(name, 9)):
        assert layers_refused(client, function, [arn]) == (
            "InvalidParameterValueException",
            400,
            f"Layer version {arn} does not exist.",
        )


def test_F113_a_layer_without_its_version(client, function):
    """Recorded from AWS."""
    name = unique_name("layer")
    published(client, name)
    assert layers_refused(client, function, [arn_of(name)]) == (
        "ValidationException",
        400,
        f"1 validation error detected: Value '[{arn_of(name)}]' at 'layers' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than "
        f"or equal to 1, Member must satisfy regular expression pattern: {ARN_PATTERN}, Member must not be null]",
    )


def test_F113_a_layer_of_another_region(client, function):
    """Recorded from AWS."""
    arn = arn_of("elsewhere", 1).replace(REGION, "eu-west-1")
    assert layers_refused(client, function, [arn]) == (
        "InvalidParameterValueException",
        400,
        f"Layers are not in the same region as the function. Layers are expected to be in region {REGION}.",
    )


def test_code_and_layers_together_unpack_to_at_most_250_mb(client, function):
    """Each layer alone is small enough. The text is published in error reports; AWS's documentation gives the limit."""

    def layer_of(megabytes: int) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("data.bin", "w") as member:
                for _ in range(megabytes):
                    member.write(bytes(1024 * 1024))
        return published(client, Content={"ZipFile": buffer.getvalue()})["LayerVersionArn"]

    large, small = layer_of(200), layer_of(60)
    code, status, message = layers_refused(client, function, [large, small])
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. " + (
        f"The actual size is {260 * 1024 * 1024 + len(NOTHING)} bytes."
    )


# --- what the function finds ---------------------------------------------------------------------------------------


def test_F113_a_function_says_which_layers_it_has(client, cloud):
    """CreateFunction and GetFunctionConfiguration name each layer's ARN and zip size; an empty list removes all."""
    made = published(cloud.client("lambda"))
    layer = {"Arn": made["LayerVersionArn"], "CodeSize": made["Content"]["CodeSize"]}
    function = cloud.deploy(NOTHING, Layers=[layer["Arn"]])
    here = cloud.client("lambda")
    assert here.get_function_configuration(FunctionName=function.name)["Layers"] == [layer]
    here.update_function_configuration(FunctionName=function.name, Layers=[])
    assert "Layers" not in here.get_function_configuration(FunctionName=function.name)


def test_F052_a_module_of_a_layer_is_imported(cloud):
    """Recorded from AWS."""
    layer = published(cloud.client("lambda"), Content=package(mylib="the layer"))
    function = cloud.deploy(IMPORTS, Layers=[layer["LayerVersionArn"]])
    assert function.invoke("mylib").payload == "the layer"


def test_F052_site_packages_of_the_runtimes_version_count_too(cloud):
    """``python/lib/python3.N/site-packages`` of a layer is on the path, before ``python``. Recorded from AWS."""
    content = {
        "ZipFile": zip_of(
            {
                f"python/lib/{PYTHON}/site-packages/deep.py": "WHO = 'site-packages'\n",
                "python/deep.py": "WHO = 'python'\n",
                "python/lib/python2.7/site-packages/old.py": "WHO = 'python2.7'\n",
            }
        )
    }
    layer = published(cloud.client("lambda"), Content=content)
    function = cloud.deploy(IMPORTS, Layers=[layer["LayerVersionArn"]])
    assert function.invoke("deep").payload == "site-packages"
    assert function.invoke("old").payload["errorType"] == "ModuleNotFoundError"


def test_F052_later_layers_overwrite_files_of_earlier_ones(cloud):
    """Layers are unpacked into /opt one over the other, in the function's order. Recorded from AWS."""
    client = cloud.client("lambda")
    first = published(client, Content=package(shared="first", only_first="first"))["LayerVersionArn"]
    second = published(client, Content=package(shared="second"))["LayerVersionArn"]
    function = cloud.deploy(IMPORTS, Layers=[first, second])
    assert [function.invoke(name).payload for name in ("shared", "only_first")] == ["second", "first"]
    client.update_function_configuration(FunctionName=function.name, Layers=[second, first])
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 0.05})
    assert function.invoke("shared").payload == "first"


def test_F052_the_functions_own_module_wins(cloud):
    """/var/task comes before /opt on sys.path. Recorded from AWS."""
    layer = published(cloud.client("lambda"), Content=package(mylib="layer", other="layer"))
    function = cloud.deploy(IMPORTS, files={"mylib.py": "WHO = 'function'\n"}, Layers=[layer["LayerVersionArn"]])
    assert [function.invoke(name).payload for name in ("mylib", "other")] == ["function", "layer"]


def test_F113_a_deleted_layer_version_keeps_working_for_its_functions(cloud: CloudUnderTest):
    """Also in new execution environments; only no other function can take it. Recorded from AWS."""
    client = cloud.client("lambda")
    name = unique_name("layer")
    arn = published(client, name, Content=package(mylib="still here"))["LayerVersionArn"]
    function = cloud.deploy(IMPORTS, Layers=[arn])
    client.delete_layer_version(LayerName=name, VersionNumber=1)
    assert function.invoke("mylib").payload == "still here"
    client.update_function_configuration(FunctionName=function.name, Timeout=9)
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 0.05})
    assert function.invoke("mylib").payload == "still here"
    assert client.get_function_configuration(FunctionName=function.name)["Layers"][0]["Arn"] == arn
    assert layers_refused(client, cloud.deploy(NOTHING), [arn])[2] == f"Layer version {arn} does not exist."
