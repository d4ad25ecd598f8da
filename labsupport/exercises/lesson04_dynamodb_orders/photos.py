"""orders-4: a table whose keys answer two questions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import expectations, tables
from ..messages import Message, shown
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotAttempted, NotYet
from ..probe import Probe
from .shop import a_day

_PHOTOS = "kestrel-photos"
_CELL = "the cell of the exercise: it still has to be written"


@dataclass(frozen=True)
class _Keys:
    """The keys of the table (``index`` is None) or of one of its indexes; ``sort`` is None when there is none."""

    index: str | None
    partition: str
    sort: str | None

    @property
    def parts(self) -> list[str]:
        return [name for name in (self.partition, self.sort) if name]

    def __str__(self) -> str:
        where = f"index {self.index}" if self.index else "table"
        return f"{where}: {self.partition}" + (f", then {self.sort}" if self.sort else "")


def _keys(description: dict[str, Any]) -> list[_Keys]:
    indexes = description.get("GlobalSecondaryIndexes", []) + description.get("LocalSecondaryIndexes", [])
    found = []
    for place in [description, *indexes]:
        by_kind = {key["KeyType"]: key["AttributeName"] for key in place["KeySchema"]}
        found.append(_Keys(place.get("IndexName"), by_kind["HASH"], by_kind.get("RANGE")))
    return found


def _photo(probe: Probe, order: str, name: str, state: str, second: int) -> dict[str, Any]:
    uploaded = f"{order[:10]}T10:{second // 60:02}:{second % 60:02}Z"
    return {"order": order, "photo": name, "state": state, "uploaded": uploaded}


@contextlib.contextmanager
def _in_the_table(probe: Probe, photos: list[dict[str, Any]]) -> Iterator[None]:
    keys = _keys(tables.needed(probe, _PHOTOS))[0]
    for name in keys.parts:
        if name not in ("order", "photo", "state", "uploaded"):
            raise NotYet(
                Message(
                    did=f"We looked at the keys of {_PHOTOS}.",
                    came_back=f"the key {name!r}, which no photo has",
                    expected="keys among the four attributes that photos have",
                    look="KeySchema and AttributeDefinitions: order, photo, state, uploaded",
                )
            )
    with tables.cleared(probe, _PHOTOS, [{name: photo[name] for name in keys.parts} for photo in photos]):
        for photo in photos:
            tables.put(probe, _PHOTOS, photo)
        yield


def _asked(probe: Probe, attribute: str, value: str, sort: str) -> list[dict[str, Any]]:
    """The answer of the table or index that has this partition key. Raises NotYet when there is none."""
    keys = _keys(tables.needed(probe, _PHOTOS))
    fitting = [one for one in keys if one.partition == attribute]
    if not fitting:
        look = "GlobalSecondaryIndexes: a question that does not name the table's partition key needs an index"
        if any(one.sort == attribute for one in keys):
            look = f"{attribute} is a sort key: a query must name the partition key, and this question only says {attribute}"
        raise NotYet(
            Message(
                did=f"We looked for keys that answer a question about one {attribute}.",
                came_back="; ".join(map(str, keys)),
                expected="a table or an index that one query can ask",
                look=look,
            )
        )
    best = next((one for one in fitting if one.sort == sort), fitting[0])
    return tables.query(probe, _PHOTOS, best.index, attribute, value)


def _require_same(did: str, got: list[Any], wanted: list[Any], sorted_by: str) -> None:
    if got == wanted:
        return
    look = "the keys of the table: each photo needs a key of its own"
    if sorted(got) == sorted(wanted):
        look = f"the sort key: it is the order of the answer, and this one is to be sorted by {sorted_by}"
    elif len(got) < len(wanted):
        look = "the keys of the table: two photos with the same key are one item, and the later one is left"
    raise NotYet(
        Message(did=did, came_back=shown(got), expected=f"{len(wanted)} photos, sorted by {sorted_by}", look=look)
    )


def _every_photo_stays(probe: Probe) -> None:
    day, name, other = a_day(probe), f"{probe.word(5)}.jpg", f"{probe.word(6)}.jpg"
    first, second = f"{day}-0001", f"{day}-0002"
    state = probe.word(7)
    photos = [
        _photo(probe, first, name, state, 5),
        _photo(probe, first, other, state, 5),
        _photo(probe, second, name, state, 5),
    ]
    with _in_the_table(probe, photos):
        found = [photo for photo in tables.scan(probe, _PHOTOS) if photo["order"].startswith(day)]
    if len(found) == len(photos):
        return
    keys = _keys(tables.needed(probe, _PHOTOS))[0]
    one, of_the_same_order, of_another = ([photo[part] for part in keys.parts] for photo in photos)
    look = "the keys of the table: which of the attributes together belong to one photo and to no other?"
    if one == of_the_same_order:
        look = "the keys of the table: the photos of an order replace one another"
    elif one == of_another:
        look = f"the keys of the table: two orders have a photo {name}, and one has replaced the other"
    raise NotYet(
        Message(
            did="We put three photos into the table: two of one order, and one of another order, all in one second.",
            came_back="one is left" if len(found) == 1 else f"{len(found)} are left",
            expected="all three of them",
            look=look,
        )
    )


def _photos_of_an_order(probe: Probe) -> None:
    day = a_day(probe)
    mine, other = f"{day}-0011", f"{day}-0012"
    names = sorted({f"{probe.word(6)}.jpg" for _ in range(5)})
    photos = [_photo(probe, mine, name, "waiting", 50 - 10 * number) for number, name in enumerate(names)]
    photos.append(_photo(probe, other, names[0], "waiting", 3))
    probe.rng.shuffle(photos)
    with _in_the_table(probe, photos):
        got = [photo["photo"] for photo in _asked(probe, "order", mine, "photo")]
    _require_same(f"We asked for the {len(names)} photos of one order, with one query.", got, names, "photo")


def _photos_in_a_state(probe: Probe) -> None:
    day, state = a_day(probe), probe.word(8)
    photos = [
        _photo(probe, f"{day}-{probe.whole_number(100, 999):04}{number}", f"{probe.word(6)}.jpg", state, second)
        for number, second in enumerate((7, 21, 21, 34, 58))
    ]
    others = [_photo(probe, f"{day}-0021", f"{probe.word(6)}.jpg", probe.word(9), 1)]
    mixed = photos + others
    probe.rng.shuffle(mixed)
    with _in_the_table(probe, mixed):
        got = _asked(probe, "state", state, "uploaded")
    did = f"We asked for the {len(photos)} photos in one state, with one query."
    uploaded = {photo["photo"]: photo["uploaded"] for photo in photos}
    expectations.require(
        all("photo" in photo for photo in got),
        Message(
            did=did,
            came_back=f"items without the name of the photo: {shown(got[:1])}",
            expected="items that say which photo they are about",
            look="the Projection of the index: which attributes are copied into it?",
        ),
    )
    _require_same(did, [uploaded.get(photo["photo"], "") for photo in got], list(uploaded.values()), "uploaded")


def _a_state_changes(probe: Probe) -> None:
    day, before, after = a_day(probe), probe.word(7), probe.word(8)
    photo = _photo(probe, f"{day}-0031", f"{probe.word(6)}.jpg", before, 30)
    keys = _keys(tables.needed(probe, _PHOTOS))[0]
    if "state" in (keys.partition, keys.sort):
        raise NotYet(
            Message(
                did="We changed the state of a photo.",
                came_back=f"the table's key is {keys.partition}" + (f" and {keys.sort}" if keys.sort else ""),
                expected="the same photo, in another state",
                look="the keys of the table: an item's key never changes, and a state does; an index may have it",
            )
        )
    with _in_the_table(probe, [photo]):
        tables.put(probe, _PHOTOS, photo | {"state": after})
        left = _asked(probe, "state", before, "uploaded")
        moved = _asked(probe, "state", after, "uploaded")
    expectations.require(
        left == [] and len(moved) == 1,
        Message(
            did="We changed the state of a photo, and asked for the old state and for the new one.",
            came_back=f"{len(left)} in the old state, {len(moved)} in the new one",
            expected="the photo in its new state only",
            look="the keys of the table: the changed photo has to be the same item as before",
        ),
    )


def _pays_by_request(probe: Probe) -> None:
    mode = tables.needed(probe, _PHOTOS).get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    expectations.require(
        mode == "PAY_PER_REQUEST",
        Message(
            did=f"We read the billing mode of {_PHOTOS}.",
            came_back=f"{mode}: so many units a second are paid for, hour after hour, and no more are there in a rush",
            expected="a table for thousands of photos in some hours and none in most",
            look="BillingMode",
        ),
    )


_STEPS = sub_checks(
    ("No photo replaces another", _every_photo_stays),
    ("One query finds an order's photos, from A to Z", _photos_of_an_order),
    ("One query finds a state's photos, the oldest first", _photos_in_a_state),
    ("A photo can change its state", _a_state_changes),
    ("It costs nothing while nothing comes", _pays_by_request),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    if tables.description(probe, _PHOTOS) is None:
        raise NotAttempted(
            Message(
                did=f"We looked for the table {_PHOTOS}.",
                came_back="there is no table of that name",
                expected="a table with keys for both questions",
                look=_CELL,
            )
        )
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="orders-4",
    lesson="04",
    title="A table for the photos",
    kind="design",
    points=4,
    minutes=7,
    skills=("partition key", "sort key", "index"),
    hints=(
        "For each question ask two things. What does it name? That is the partition key. How is the answer sorted? "
        "That is the sort key. And for the table itself ask a third: which attributes together belong to one item and "
        "to no other, and never change?",
        "The table kestrel-orders at the top of the lesson has keys for one question and an index for another. Here it "
        "is the same, with other attributes. All four attributes are part of some key, so all four are declared.",
        "In words: the table has order as HASH and photo as RANGE. An entry in GlobalSecondaryIndexes has state as HASH "
        "and uploaded as RANGE, with a Projection. BillingMode is PAY_PER_REQUEST. ResourceInUseException means that "
        "the table is there already.",
    ),
    explanation="An order and a file name together belong to one photo and never change, so they are the table's key, "
    "and the first question comes with it. The state changes, so it can only be the key of an index: DynamoDB moves the "
    "photo there when its state changes. In an index, unlike in a table, two items may have the same key: that is why "
    "two photos of the same second are both there.",
    check=_check,
)
