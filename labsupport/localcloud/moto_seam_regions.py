"""The part of the seam that keeps only the names of the regions of botocore's endpoint data, which moto would hold whole.

A test names each touch: ``tests/localcloud/test_moto_seam_regions.py``.
"""

from __future__ import annotations

import functools

from moto.core.base_backend import AccountSpecificBackend


class RegionNames:
    """Stands for the boto3 session that moto asks which regions a service has. 11 MB of endpoint data and service
    models become some lists of names."""

    def get_available_partitions(self) -> list[str]:
        return list(_regions())

    def get_available_regions(self, service_name: str, partition_name: str = "aws") -> list[str]:
        return _regions()[partition_name].get(_endpoint_prefix(service_name), [])


def keep_only_region_names() -> None:
    """Make moto ask ``RegionNames``."""
    AccountSpecificBackend.get_session = classmethod(lambda cls: RegionNames())  # type: ignore


@functools.cache
def _regions() -> dict[str, dict[str, list[str]]]:
    """Partition → endpoint prefix → regions. As botocore does, without what is no region (aws-global, FIPS)."""
    from botocore.loaders import Loader

    names: dict[str, dict[str, list[str]]] = {}
    for partition in Loader().load_data("endpoints")["partitions"]:
        names[partition["partition"]] = {
            prefix: [name for name in service.get("endpoints", {}) if name in partition["regions"]]
            for prefix, service in partition["services"].items()
        }
    return names


@functools.cache
def _endpoint_prefix(service_name: str) -> str:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        metadata = Loader().load_service_model(service_name, "service-2")["metadata"]
    except UnknownServiceError:  # botocore answers no regions then
        return ""
    return str(metadata.get("endpointPrefix", service_name))
