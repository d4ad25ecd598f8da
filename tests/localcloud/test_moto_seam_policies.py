"""AWS's managed policies come from disk when they are asked for: one test for each touch of moto's insides."""

from __future__ import annotations

import json
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.iam import iam_backends
from moto.iam.models import IAMBackend

from labsupport.localcloud.moto_seam_policies import keep_managed_policies_on_disk

ACCOUNT = "123456789012"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(scope="module", autouse=True)
def patched_once():
    names = ("attach_role_policy", "attach_group_policy", "attach_user_policy", "list_policies")
    kept = {name: getattr(IAMBackend, name) for name in (*names, "_init_aws_policies", "_init_managed_policies")}
    keep_managed_policies_on_disk()
    yield
    for name, value in kept.items():
        setattr(IAMBackend, name, value)
    del IAMBackend.aws_managed_policies


@pytest.fixture
def iam(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("iam", region_name="us-east-1")


def in_memory():
    return set(dict.keys(iam_backends[ACCOUNT]["aws"].managed_policies))


def test_a_policy_is_in_memory_only_after_it_was_attached(iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    assert in_memory() == set()
    iam.attach_role_policy(RoleName="worker", PolicyArn=BASIC)
    assert in_memory() == {BASIC}
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]
    iam.detach_role_policy(RoleName="worker", PolicyArn=BASIC)
    assert iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"] == []


def test_users_and_groups_can_have_a_policy_too(iam):
    iam.create_user(UserName="ada")
    iam.attach_user_policy(UserName="ada", PolicyArn=BASIC)
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert iam.list_attached_user_policies(UserName="ada")["AttachedPolicies"][0]["PolicyArn"] == BASIC
    assert (
        iam.list_attached_group_policies(GroupName="readers")["AttachedPolicies"][0]["PolicyName"] == "ReadOnlyAccess"
    )


def test_a_policy_can_be_read_without_being_attached(iam):
    policy = iam.get_policy(PolicyArn=BASIC)["Policy"]
    assert (policy["PolicyName"], policy["Path"]) == ("AWSLambdaBasicExecutionRole", "/service-role/")
    version = iam.get_policy_version(PolicyArn=BASIC, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert "logs:PutLogEvents" in json.dumps(version["Document"])
    assert iam_backends[ACCOUNT]["aws"].managed_policies.get(BASIC).arn == BASIC


@pytest.mark.parametrize("arn", [f"{BASIC}s", "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"])
def test_a_policy_that_aws_does_not_have_is_not_found(iam, arn):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    with pytest.raises(ClientError, match=f"Policy {arn} does not exist or is not attachable."):
        iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    assert iam_backends[ACCOUNT]["aws"].managed_policies.get(arn) is None


def test_listing_brings_all_of_them_but_not_the_attached_or_the_own(iam):
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    own = iam.create_policy(PolicyName="own", PolicyDocument=document)
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="worker", PolicyArn=BASIC)
    assert [one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]] == [own["Policy"]["Arn"]]
    assert [one["Arn"] for one in iam.list_policies(OnlyAttached=True)["Policies"]] == [BASIC]
    assert in_memory() == {own["Policy"]["Arn"], BASIC}
    listed = [
        one["Arn"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS") for one in page["Policies"]
    ]
    assert len(listed) > 1000 and listed.count(BASIC) == 1
    details = iam_backends[ACCOUNT]["aws"].get_account_authorization_details(["LocalManagedPolicy"])
    assert [policy.name for policy in details["managed_policies"]] == ["own"]


def test_the_text_of_the_policies_is_not_in_memory_when_the_seam_comes_first():
    program = (
        "from labsupport.localcloud.moto_seam_policies import keep_managed_policies_on_disk; "
        "keep_managed_policies_on_disk(); from moto.iam import models; print(models.aws_managed_policies_data)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "{}\n"
