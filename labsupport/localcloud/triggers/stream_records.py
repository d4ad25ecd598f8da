"""Records of a DynamoDB stream on their way to a function."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StreamRecord:
    """One record. ``number`` is its sequence number, ``created`` seconds since 1970, ``size`` its bytes in an event."""

    number: int
    created: float
    wire: dict[str, Any]
    size: int

    @classmethod
    def of(cls, wire: dict[str, Any], created: float) -> StreamRecord:
        """From the moto process's form of it (``moto_seam_streams``)."""
        return cls(int(wire["dynamodb"]["SequenceNumber"]), created, wire, len(_json(wire)) + 1)

    @property
    def identifier(self) -> str:
        """What a function names it by in batchItemFailures."""
        return str(self.number)

    def lane(self, lanes: int) -> int:
        """Which of so many concurrent batches it belongs to: always the same one for the same item, whose order is kept
        ("at the item (partition and sort key) level", Lambda Developer Guide, ParallelizationFactor)."""
        return zlib.crc32(_json(self.wire["dynamodb"]["Keys"])) % lanes


def event(records: Sequence[StreamRecord]) -> dict[str, Any]:
    """The event of one batch."""
    return {"Records": [record.wire for record in records]}


def payload(document: dict[str, Any]) -> bytes:
    """An event as the function gets it."""
    return _json(document)


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
