"""Sizes and capacity units against the figures that AWS documents and that were seen in real stream records."""

from __future__ import annotations

import pytest

from labsupport.localcloud.dynamodb_units import item_size, read_units, value_size, write_units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "größe"}, 7),
        ({"N": "12.5"}, 3),
        ({"N": "100"}, 2),
        ({"N": "-0.0012"}, 2),
        ({"N": "0"}, 1),
        ({"N": "1E+20"}, 2),
        ({"B": "YWJj"}, 3),
        ({"B": b"abc"}, 3),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": ["YWJj"]}, 3),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "a"}, {"N": "1"}]}, 3 + 2 + 3),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_a_value_has_the_size_that_the_developer_guide_gives(value, size):
    assert value_size(value) == size


def test_an_item_is_its_names_and_its_values():
    """As a stream record on AWS showed it: 31 bytes with the key counted once more."""
    item = {"id": {"S": "order-1"}, "total": {"N": "12.5"}, "paid": {"BOOL": False}}
    assert item_size(item) == 22
    assert item_size(item) + item_size({"id": item["id"]}) == 31


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [
        (0, False, 0.5),
        (4096, False, 0.5),
        (4097, False, 1.0),
        (0, True, 1.0),
        (4097, True, 2.0),
        (1048576, False, 128.0),
    ],
)
def test_a_read_unit_is_4_kb_and_half_of_it_when_eventually_consistent(size, consistent, units):
    assert read_units(size, consistent=consistent) == units


@pytest.mark.parametrize(("size", "units"), [(0, 1.0), (1024, 1.0), (1025, 2.0), (409600, 400.0)])
def test_a_write_unit_is_1_kb(size, units):
    assert write_units(size) == units


def test_a_transaction_takes_twice_the_units():
    assert write_units(1025, transactional=True) == 4.0
    assert read_units(4097, consistent=True, transactional=True) == 4.0
