from __future__ import annotations

import os
import subprocess
import sys
import textwrap

from labsupport.targets.environment import point_to, without_aws

DANGEROUS = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "t",
    "AWS_ENDPOINT_URL_LAMBDA": "https://lambda.us-east-1.amazonaws.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ROLE_ARN": "arn:aws:iam::1:role/x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/",
    "AWS_CA_BUNDLE": "/missing.pem",
    "BOTO_CONFIG": "/etc/boto.cfg",
}


def test_nothing_of_the_user_s_aws_settings_stays():
    variables = {**DANGEROUS, "PATH": "/bin", "no_proxy": "intern.example,127.0.0.1"}
    point_to("http://127.0.0.1:1234", "eu-west-1", variables)
    assert not set(DANGEROUS) & set(variables)
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1234"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert variables["no_proxy"] == "intern.example,127.0.0.1,localhost"
    assert variables["PATH"] == "/bin"
    again = dict(variables)
    point_to("http://127.0.0.1:1234", "eu-west-1", again)
    assert again == variables


def test_plain_boto3_then_calls_the_given_address_whatever_the_user_had(tmp_path, cloud):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[default]\nregion = eu-central-1\nendpoint_url = https://elsewhere.example\n"
        "[profile production]\nsource_profile = default\nrole_arn = arn:aws:iam::1:role/x\n"
    )
    code = f"""
    import os
    from labsupport.targets.environment import point_to
    point_to({cloud.endpoint!r}, "us-east-1", os.environ)
    import boto3
    for service in ("lambda", "s3", "sts", "dynamodb"):
        assert boto3.client(service).meta.endpoint_url == {cloud.endpoint!r}, service
    print(boto3.client("sts").get_caller_identity()["Account"])
    """
    environment = {
        **os.environ,
        **DANGEROUS,
        "HOME": str(tmp_path),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "123456789012", done.stderr


def test_the_cloud_itself_gets_no_aws_settings_and_safe_module_paths(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    variables = without_aws({**DANGEROUS, "PYTHONPATH": os.pathsep.join(["here", "/there"]), "HOME": "/h"})
    assert not [name for name in variables if name.startswith("AWS_")]
    assert variables["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "here"), "/there"])
    assert variables["PYTHONSAFEPATH"] == "1" and variables["HOME"] == "/h"
