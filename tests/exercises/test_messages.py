from __future__ import annotations

from labsupport.exercises.messages import LINE_CHARACTERS, Message, shortened, shown


def test_a_message_has_at_most_four_lines_and_leaves_empty_ones_out():
    message = Message(did="a", came_back="b\nwith a line break", expected="", look="d")
    assert message.lines == ("We did: a", "Came back: b with a line break", "Look at: d")
    assert len(Message("a", "b", "c", "d").lines) == 4


def test_a_long_line_is_cut_in_the_middle():
    line = Message(came_back="start" + "x" * 5000 + "end").came_back
    assert len(line) <= LINE_CHARACTERS
    assert line.startswith("start") and line.endswith("end") and " … " in line


def test_a_value_is_shown_as_json_on_one_line():
    assert shown({"a": [1, True, None, "ü"]}) == '{"a": [1, true, null, "ü"]}'
    assert shown(object()).startswith("<object")


def test_terminal_escapes_and_lone_surrogates_become_visible():
    assert shortened("\x1b[31mred\ud800") == "\\x1b[31mred\\ud800"
    shown("\ud800").encode()


def test_a_huge_value_does_not_take_long_to_show():
    assert len(shown("y" * 6_000_000)) <= 90
