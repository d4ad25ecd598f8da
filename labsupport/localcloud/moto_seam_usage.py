"""The part of the seam that counts DynamoDB's capacity units, for what the use would cost on AWS.
``tests/localcloud/test_moto_seam_usage.py`` names its functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

#: What the lab's checks and displays sign with.
_LAB_KEY = "Credential=lab/"
_units: Counter[str] = Counter()


def count(headers: Mapping[str, str], kind: str, units: float) -> None:
    """Add ``units`` of ``kind``, "read" or "write", for a request with these headers; the lab's own are no use of AWS."""
    if _LAB_KEY not in headers.get("Authorization", ""):
        _units[kind] += units  # type: ignore[assignment]


def dynamodb_units() -> dict[str, float]:
    """Read and write units of all tables since the cloud started; halves are an eventually consistent read's."""
    return {"read_units": float(_units["read"]), "write_units": float(_units["write"])}
