"""The page of lesson 05 in headless Chromium: what a browser keeps from it, and what it shows once the API lets it in."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from labsupport.api_address import api_address

from .hands import Hands, the_role_of_the_lessons

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if os.path.exists(path)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def hands(classroom: Any, cloud: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook up to step 4, by its own cells: the API with the function by hand, and the page's server."""
    import boto3

    here = os.getcwd()
    folder = tmp_path_factory.mktemp("work")
    os.chdir(folder)
    for name in ("shop.html", "orders_store.py", "orders_api.py", "orders_routed.py"):
        Path(name).write_text(classroom.given_file("05", name), encoding="utf-8")
    hands = Hands(classroom, cloud, "05", the_role_of_the_lessons(cloud))
    hands.names |= {
        "apigateway": cloud.client("apigateway"),
        "dynamodb": boto3.resource("dynamodb", endpoint_url=cloud.endpoint, region_name="us-east-1"),
        "contextlib": contextlib,
        "requests": requests,
        "Path": Path,
        "ACCOUNT": cloud.client("sts").get_caller_identity()["Account"],
        "REGION": "us-east-1",
    }
    hands.run("shop = make_api('kestrel-page')")
    shop = hands.names["shop"]
    hands.names["shop_url"] = api_address(shop, "prod", region="us-east-1", endpoint=cloud.endpoint)
    for cell in (
        'TableName="kestrel-shop-orders"',
        "ORDER_ROUTES = [",
        "apigateway.create_model(",
        'shape(shop, "DEFAULT_4XX"',
        "class Page(",
    ):
        hands.run_the_lesson_s(cell)
    yield hands
    hands.names["server"].shutdown()
    hands.names["server"].server_close()
    hands.run("remove_api('kestrel-page')")
    hands.names["orders"].delete()
    classroom.remove("kestrel-orders-api")
    os.chdir(here)


@pytest.fixture
def page(hands: Hands) -> Any:
    if CHROMIUM is None:
        pytest.fail("the browser test needs Chromium. On Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(hands.names["page_url"])
        yield page
        browser.close()
    outside = [url for url in asked if urlsplit(url).hostname != "127.0.0.1"]
    assert asked and not outside, f"the page asked for something beyond this machine: {outside}"


def press(page: Any, button: str) -> str:
    """What the page says once the answer is there."""
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_function("() => !['…', 'Nothing yet.'].includes(document.getElementById('said').textContent)")
    return str(page.get_by_role("status").text_content())


def test_without_the_header_the_browser_keeps_the_answer_from_the_page(page: Any) -> None:
    assert "The browser keeps the answer from this page: TypeError: Failed to fetch" in press(page, "My orders")
    assert "The browser keeps the answer from this page" in press(page, "Order")  # its preflight has no answer


def test_with_preflight_and_header_the_page_orders_lists_and_changes(hands: Hands, page: Any) -> None:
    hands.run_the_lesson_s('let_browsers_in(shop, "/orders", "GET,POST")')
    hands.run_the_lesson_s("powertools_layer = lambda_client.publish_layer_version(")
    hands.run_the_lesson_s('"orders_routed.py", "orders_store.py", Layers=')

    assert press(page, "Order").startswith("201: order ")
    assert press(page, "Two copies more").startswith("200: order ")  # ETag and If-Match pass the browser
    assert press(page, "Two copies more").startswith("200: order ")
    assert press(page, "My orders") == "200: ok"
    assert page.get_by_role("listitem").all_text_contents() == ["14 × glossy: 6.70"]

    page.locator("select").select_option("gold")
    assert press(page, "Order") == "422: the shop prints on glossy, matte"
    page.locator("input[name=copies]").fill("0")  # refused at the door, and still to be read
    assert press(page, "Order").startswith("400: ")
    assert "minimum" in str(page.get_by_role("status").text_content())
