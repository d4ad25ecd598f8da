"""moto learns the same regions as from a boto3 session, without the session's data."""

from __future__ import annotations

import boto3
import pytest
from moto.core.base_backend import AccountSpecificBackend

from labsupport.localcloud.moto_seam_regions import RegionNames, keep_only_region_names


@pytest.fixture(scope="module")
def session():
    return boto3.session.Session()


@pytest.mark.parametrize(
    "service", ["dynamodb", "events", "iam", "lambda", "logs", "s3", "sns", "sqs", "stepfunctions"]
)
def test_every_service_has_the_regions_that_botocore_gives_it(session, service):
    names = RegionNames()
    assert names.get_available_partitions() == session.get_available_partitions()
    for partition in names.get_available_partitions():
        wanted = session.get_available_regions(service, partition_name=partition)
        assert names.get_available_regions(service, partition_name=partition) == wanted


def test_a_service_that_botocore_does_not_know_has_no_regions(session):
    assert session.get_available_regions("nothing") == RegionNames().get_available_regions("nothing") == []


def test_moto_asks_the_region_names(monkeypatch):
    monkeypatch.setattr(AccountSpecificBackend, "get_session", AccountSpecificBackend.get_session)
    keep_only_region_names()
    assert isinstance(AccountSpecificBackend.get_session(), RegionNames)
