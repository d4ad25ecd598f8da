"""A learner's first minutes with lesson 01: a real JupyterLab in headless Chromium.

Opens the starter, runs all cells, answers an exercise wrongly and then rightly, and reads the feedback on the page.
Screenshots are kept in tests/browser/screenshots.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from labsupport import start

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

COURSE = Path(__file__).parents[2]
SCREENSHOTS = Path(__file__).with_name("screenshots")
CHROMIUM = next(
    (
        path
        for path in (
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        )
        if os.path.exists(path)
    ),
    None,
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WRONG = """%%writefile greeting.py
def handler(event, context):
    customer = event["customer"]
    print(f"Hello {customer}, we are printing {event['photos']} photos.")
"""
RIGHT = """%%writefile greeting.py
def handler(event, context):
    return {"message": f"Hello {event['customer']}, we are printing {event['photos']} photos."}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def jupyterlab(tmp_path):
    """The address of a JupyterLab on a copy of the course, started as ``labsupport start`` starts it."""
    course = tmp_path / "course"
    shutil.copytree(
        COURSE / "notebooks", course / "notebooks", ignore=shutil.ignore_patterns("work", ".ipynb_checkpoints")
    )
    settings = tmp_path / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # Every cell stays in the page, also those out of sight: the test reads them.
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    port = free_port()
    launch = start.jupyterlab(
        course,
        browser=False,
        port=port,
        extra=["--ServerApp.token=", "--ServerApp.password=", "--ServerApp.port_retries=0"],
    )
    environment = launch.environment | {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "LAB_HOME": str(tmp_path / "home"),
    }
    environment.pop("LAB_WORK", None)
    with (tmp_path / "jupyter.log").open("w") as log:
        server = subprocess.Popen(launch.command, cwd=launch.folder, env=environment, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{base}/api/status").read()
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "jupyter.log").read_text()
                time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def page():
    if CHROMIUM is None:
        pytest.fail("the browser test needs Chromium. On Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda websocket: asked.append(websocket.url))
        yield page
        browser.close()
    outside = [url for url in asked if urlsplit(url).hostname not in ("127.0.0.1", None)]
    assert asked and not outside, f"the page asked for something beyond this machine: {outside}"


def cell(page, text):
    return page.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea-editor", has_text=text)).first


def wait_until_idle(page, seconds=120):
    """No cell waits or runs any more."""
    page.wait_for_timeout(500)
    page.wait_for_function(
        "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(e => e.textContent.includes('*'))",
        timeout=seconds * 1000,
    )


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    wait_until_idle(page)


def answer(page, text, source):
    """Put ``source`` into the cell that holds ``text``, and run the notebook: its last cell had cleaned up."""
    cell(page, text).locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    run_all(page)


def test_a_learner_opens_lesson_01_runs_all_and_answers_twice(jupyterlab, page):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.goto(f"{jupyterlab}/lab/tree/notebooks/01_hello_lambda.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    # The name of the kernel in the toolbar: the notebook found one without asking.
    page.wait_for_selector(".jp-KernelName >> text=Python 3", timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    run_all(page)

    started = cell(page, 'lab.start("01")').locator(".jp-OutputArea").inner_text()
    assert "Healthy" in started
    assert page.locator("svg[id^=mermaid], .jp-RenderedMermaid svg, .jp-RenderedMermaid img").count() > 0, (
        "the diagram is not drawn"
    )
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    check = cell(page, 'lab.check("hello-1")')
    assert "NOT ATTEMPTED" in check.locator(".jp-OutputArea").inner_text()
    page.screenshot(path=SCREENSHOTS / "run-all.png")

    answer(page, "%%writefile greeting.py", WRONG)
    feedback = check.locator(".jp-OutputArea").inner_text()
    check.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "wrong.png")
    assert "NOT YET" in feedback
    assert "Look at: return" in feedback
    assert "Traceback" not in feedback

    answer(page, "%%writefile greeting.py", RIGHT)
    feedback = check.locator(".jp-OutputArea").inner_text()
    check.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "right.png")
    assert "PASSED" in feedback
