"""Run Chromium without a window, for pictures of the page and for its tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class BrowserMissingError(Exception):
    """There is no Chromium; the text says how to get one."""


def find_chromium() -> str:
    """Return the path of Chromium, or of Chrome.

    Raises:
        BrowserMissingError: there is neither.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise BrowserMissingError("Chromium is not on PATH. Next: install it, e.g. apt-get install chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser. An event loop runs with it, so that no other one may be started.

    Raises:
        BrowserMissingError: there is none.
    """
    path = find_chromium()
    # Chromium refuses its sandbox to root, as in a container.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
