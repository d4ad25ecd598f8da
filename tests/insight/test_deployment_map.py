from __future__ import annotations

import re

from labsupport.insight.deployment_map import Connection, DeploymentMap, Resource

BUCKET, FUNCTION, TABLE = ("bucket", "uploads"), ("function", "thumbnail"), ("table", "photos")
SHOP = DeploymentMap(
    "us-east-1",
    (Resource(*BUCKET), Resource(*TABLE, "key id"), Resource(*FUNCTION, "python3.13, 128 MB")),
    (
        Connection(BUCKET, FUNCTION, "s3:ObjectCreated:*, suffix .jpg"),
        Connection(FUNCTION, TABLE, "named in TABLE", loose=True),
    ),
)


def test_the_diagram_has_a_node_for_each_resource_and_an_arrow_for_each_connection():
    assert SHOP.mermaid.splitlines() == [
        "flowchart LR",
        '    n1[("bucket<br>uploads")]',
        '    n2[("table<br>photos")]',
        '    n3["function<br>thumbnail"]',
        '    n1 -->|"s3:ObjectCreated:#42;, suffix .jpg"| n3',
        '    n3 -.->|"named in TABLE"| n2',
    ]


def test_text_and_markdown_say_the_same():
    assert repr(SHOP).splitlines() == [
        "Deployed in us-east-1: 1 bucket, 1 table, 1 function",
        "What      Name       Details",
        "----      ----       -------",
        "bucket    uploads",
        "table     photos     key id",
        "function  thumbnail  python3.13, 128 MB",
        "",
        "From                How                              To",
        "----                ---                              --",
        "bucket uploads      s3:ObjectCreated:*, suffix .jpg  function thumbnail",
        "function thumbnail  named in TABLE                   table photos",
    ]
    bundle = SHOP._repr_mimebundle_()
    assert bundle["text/plain"] == repr(SHOP)
    markdown = bundle["text/markdown"]
    assert f"```mermaid\n{SHOP.mermaid}\n```\n\nIn words:\n\n" in markdown
    assert "| function | thumbnail | python3.13, 128 MB |" in markdown
    assert "| bucket uploads | s3:ObjectCreated:&#42;, suffix .jpg | function thumbnail |" in markdown
    # Beside HTML JupyterLab would not show the Markdown.
    assert set(bundle) == {"text/plain", "text/markdown"}


def test_what_cannot_work_is_said_by_word_and_counted_in_the_title():
    gone = ("queue", "orders-dlq")
    shown = DeploymentMap(
        "us-east-1",
        (Resource(*gone, state="not there"), Resource("topic", "sale"), Resource(*FUNCTION)),
        (
            Connection(("topic", "sale"), FUNCTION, "subscription", "no permission in the function's policy"),
            Connection(FUNCTION, gone, "on failure"),
        ),
    )
    assert shown.title == "Deployed in us-east-1: 1 topic, 1 function (⚠ 2 connections cannot work)"
    assert shown.warnings == (
        "topic sale → function thumbnail: no permission in the function's policy",
        "function thumbnail → queue orders-dlq: queue orders-dlq is not there",
    )
    assert "queue     orders-dlq  ⚠ not there" in repr(shown)
    assert "subscription ⚠ no permission in the function's policy" in repr(shown)
    assert '    n1[["queue<br>orders-dlq<br>⚠ not there"]]' in shown.mermaid
    assert shown.mermaid.endswith("style n1 stroke-dasharray: 5 5")


def test_an_empty_map_is_one_line():
    empty = DeploymentMap("eu-west-1", (), ())
    assert repr(empty) == "Nothing is deployed in eu-west-1."
    assert empty._repr_mimebundle_()["text/markdown"] == "**Nothing is deployed in eu-west-1.**"


def test_resources_without_wires_are_shown_and_the_map_says_that_nothing_is_wired():
    lonely = DeploymentMap("us-east-1", (Resource(*BUCKET),), ())
    assert repr(lonely).endswith("Nothing is wired to anything yet.")
    assert lonely._repr_mimebundle_()["text/markdown"].endswith("Nothing is wired to anything yet.")


def test_what_could_not_be_looked_at_is_named_in_both_forms():
    partly = DeploymentMap("us-east-1", (Resource(*FUNCTION),), (), ("Not looked at: bucket (AccessDenied).",))
    assert "Not looked at: bucket (AccessDenied)." in repr(partly)
    assert partly._repr_mimebundle_()["text/markdown"].endswith("Not looked at: bucket (AccessDenied).")


def test_no_name_or_pattern_breaks_the_diagram_or_the_table():
    evil = '"] --> x; <script>`$x$|*_\x1b'
    shown = DeploymentMap(
        "us-east-1", (Resource(*BUCKET), Resource("function", evil)), (Connection(BUCKET, ("function", evil), evil),)
    )
    markdown = shown._repr_mimebundle_()["text/markdown"]
    diagram = shown.mermaid
    for line in diagram.splitlines():
        assert line.count('"') in (0, 2)
    for written in (diagram, markdown):
        assert "<script>" not in written and "\x1b" not in written and "`" not in written.replace("```", "")
    words = markdown.partition("In words:")[2]
    assert all(line.count("|") == 4 for line in words.splitlines() if line.startswith("|"))
    assert "\x1b" not in repr(shown)
    # Entities are the characters again for whoever reads the diagram.
    label = re.search(r'function<br>([^"]+)"', diagram)[1]
    # A wide dollar sign: JupyterLab would make a formula of what stands between two of the others.
    expected = evil.replace("\x1b", "\\x1b").replace("$", "\N{FULLWIDTH DOLLAR SIGN}")
    assert re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label) == expected
    assert "$" not in diagram and "$x$" in repr(shown)


def test_a_long_label_is_cut_in_the_diagram_and_whole_in_the_table():
    how = "s3:ObjectCreated:Put, s3:ObjectCreated:Copy, s3:ObjectRemoved:Delete, suffix .jpeg"
    shown = DeploymentMap("us-east-1", (Resource(*BUCKET), Resource(*FUNCTION)), (Connection(BUCKET, FUNCTION, how),))
    assert "…" not in repr(shown) and how in repr(shown)
    assert ".jpeg" not in shown.mermaid and "#8230;" in shown.mermaid
