"""The part of the seam that counts DynamoDB's capacity units, for what the use would cost on AWS."""

from __future__ import annotations

from collections import Counter

_units: Counter[str] = Counter()


def count(kind: str, units: float) -> None:
    """Add ``units`` of ``kind``, "read" or "write"."""
    _units[kind] += units  # type: ignore[assignment]


def dynamodb_units() -> dict[str, float]:
    """Read and write units of all tables since the cloud started; halves are an eventually consistent read's."""
    return {"read_units": float(_units["read"]), "write_units": float(_units["write"])}
