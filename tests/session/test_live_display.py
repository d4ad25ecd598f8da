"""lab.watch in a real kernel: it goes on beside the next cells, in the output of its own."""

from __future__ import annotations

import time

START = 'from labsupport import lab\nlab.start("01")\nimport boto3\ns3 = boto3.client("s3")\ns3.create_bucket(Bucket="uploads")'


def displays(kernel, code: str, until: str, seconds: float = 30.0) -> list[tuple[str, str, str, str]]:
    """What is displayed from this cell on: kind, display id, text, HTML; until a text contains ``until``."""
    request = kernel.client.execute(code)
    found = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        message = kernel.client.get_iopub_msg(timeout=seconds)
        content = message["content"]
        if message["msg_type"] in ("display_data", "update_display_data"):
            assert message["parent_header"]["msg_id"]
            text = content["data"]["text/plain"]
            found.append(
                (message["msg_type"], content["transient"].get("display_id"), text, content["data"]["text/html"])
            )
            if until in text:
                break
        assert message["msg_type"] != "error", content
    assert request
    return found


def test_a_watch_goes_on_beside_the_next_cells_and_ends_by_itself(kernel):
    kernel.run(START)
    ((kind, name, text, _html),) = displays(kernel, 'lab.watch("uploads", quiet=0.5)', "Watching")
    assert kind == "display_data" and name and "0 objects" in text
    updates = displays(kernel, 's3.put_object(Bucket="uploads", Key="a.jpg", Body=b"x")["ETag"]', "Watched")
    assert {(kind, place) for kind, place, _text, _html in updates} == {("update_display_data", name)}
    assert "a.jpg came" in updates[-1][2] and "a.jpg came" in updates[-1][3]
    assert "(nothing happened for 0.5 seconds)" in updates[-1][2]


def test_the_value_of_a_live_watch_is_not_shown_a_second_time(kernel):
    kernel.run(START)
    ran = kernel.run('watch = lab.watch("uploads", seconds=0.5)\nwatch')
    assert ran.status == "ok" and ran.text.count("Watching bucket uploads") == 1


def test_where_outputs_are_stored_a_watch_is_one_picture_that_never_changes(kernel):
    kernel.run("import os\nos.environ['LAB_QUIET'] = '1'")
    kernel.run(START)
    shown = displays(
        kernel,
        'with lab.watch("uploads", quiet=0.5):\n    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"x")',
        "Watched",
    )
    assert [(kind, name) for kind, name, _text, _html in shown] == [("display_data", None)]
    assert "a.jpg came" in shown[0][2]
    ran = kernel.run('lab.watch("uploads", quiet=0.5)')
    assert ran.text.startswith("Watched bucket uploads (nothing happened for 0.5 seconds)")
