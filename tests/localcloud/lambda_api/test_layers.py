"""Layers as functions and the engine see them, and pages of lists while something is deleted."""

from __future__ import annotations

import asyncio
import base64
import io
import zipfile

import pytest

from labsupport.localcloud.lambda_api import layers
from labsupport.localcloud.lambda_api.errors import LambdaError
from labsupport.localcloud.lambda_api.operations import Call

from .control_plane import REGION, lambda_api, request

VERSIONS = "/2018-10-31/layers/{}/versions"


@pytest.fixture
def api(tmp_path):
    return lambda_api(tmp_path)


def zipped(size: int, name: str = "python/data") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, bytes(size))
    return buffer.getvalue()


def publish(api, name: str, content: bytes | None = None) -> dict:
    body = {"Content": {"ZipFile": base64.b64encode(content or zipped(1)).decode()}}
    status, document = asyncio.run(request(api, "POST", VERSIONS.format(name), body))
    assert status == 201, document
    return document


def call(api) -> Call:
    return Call(api, "CreateFunction", REGION, {"FunctionName": "f"}, "request")


def test_the_engine_gets_a_layers_zip_also_after_it_was_deleted(api):
    content = zipped(10)
    arn = publish(api, "l", content)["LayerVersionArn"]
    assert asyncio.run(request(api, "DELETE", VERSIONS.format("l") + "/1"))[0] == 204
    assert asyncio.run(api.layer(REGION, arn)) == content
    assert layers.shown(api.store, arn) == {"Arn": arn, "CodeSize": len(content)}


def test_what_never_was_a_layer_has_no_zip(api):
    arn = publish(api, "l")["LayerVersionArn"]
    for other in (arn[:-1] + "2", arn[:-1] + "0", arn.replace(":l:", ":m:"), arn.replace("us-east", "us-west"), "l"):
        assert asyncio.run(api.layer(REGION, other)) is None


def test_layers_of_other_accounts_are_plainly_refused(api):
    arn = f"arn:aws:lambda:{REGION}:017000801446:layer:Powertools:1"
    with pytest.raises(LambdaError) as refused:
        asyncio.run(layers.check_layers(call(api), [arn]))
    assert str(refused.value) == (
        f"The local cloud does not have layers of other accounts, such as {arn}. On AWS it exists."
    )


def test_code_and_layers_may_have_250_mb_together_and_no_byte_more(api):
    megabyte = 1024 * 1024
    half = publish(api, "half", zipped(125 * megabyte))
    rest = publish(api, "rest", zipped(125 * megabyte, "python/rest"))
    one = publish(api, "one", zipped(1))["Content"]["CodeSha256"]
    sha256 = half["Content"]["CodeSha256"]
    layers.check_total_size(call(api), (rest["LayerVersionArn"],), sha256)
    layers.check_total_size(call(api), (), sha256)
    with pytest.raises(LambdaError) as refused:
        layers.check_total_size(call(api), (half["LayerVersionArn"], rest["LayerVersionArn"]), one)
    assert str(refused.value) == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is "
        "262144001 bytes."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no zip", "Could not unzip uploaded file. Please check your file, then try to upload again."),
        (zipped(1, "../out"), "Could not unzip uploaded file. Please check your file, then try to upload again."),
        (b"PK\x05\x06" + bytes(18), "Uploaded file must be a non-empty zip"),
        (zipped(250 * 1024 * 1024 + 1), "Unzipped size must be smaller than 262144000 bytes"),
    ],
    ids=["no zip", "leaves its folder", "empty", "too large"],
)
def test_content_that_cannot_be_a_layer_makes_no_version(api, content, message):
    body = {"Content": {"ZipFile": base64.b64encode(content).decode()}}
    status, document = asyncio.run(request(api, "POST", VERSIONS.format("l"), body))
    assert (status, document) == (400, {"Type": "User", "message": message})
    assert asyncio.run(request(api, "GET", VERSIONS.format("l")))[1] == {"LayerVersions": []}
    assert publish(api, "l")["Version"] == 1


def test_whoever_deletes_each_page_that_a_list_shows_misses_nothing(api):
    for _ in range(7):
        publish(api, "l")
    found, marker = [], {}
    while True:
        status, page = asyncio.run(request(api, "GET", VERSIONS.format("l"), MaxItems="3", **marker))
        assert status == 200
        for version in page["LayerVersions"]:
            found.append(version["Version"])
            asyncio.run(request(api, "DELETE", VERSIONS.format("l") + f"/{version['Version']}"))
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("marker", ["no marker", "bm8=", "WzEsMl0=x"])
def test_a_marker_that_was_never_given_out_is_refused(api, marker):
    status, document = asyncio.run(request(api, "GET", "/2018-10-31/layers", Marker=marker))
    assert (status, document) == (400, {"Type": "User", "message": "Invalid Marker Value"})
