"""Shoot pictures of the page for docs/images/: `python -m automation.report.screenshots` (minutes)."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser

from automation.deployment import rehearsal
from automation.deployment.rehearsal import Rehearsal
from automation.report import render_preview, render_rehearsal, topology
from automation.report.browser import BrowserMissingError, chromium, find_chromium
from graph.evaluate_stack import Evaluation, evaluate_stack
from rehearsal.mqtt.install import MosquittoMissingError
from settings import load, stack_file
from settings.loaded_stack import LoadedStack
from settings.stand_ins import with_stand_ins

_PROGRAM = Path(__file__).resolve().parents[2]
IMAGES = _PROGRAM / "docs" / "images"
_SIZES = {1280: 1500, 390: 1750}
"""Width -> height, pixels: about the first two screens."""
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def evaluate_fleet(sites: int = 29) -> Evaluation:
    """Evaluate so many sites that send to one enterprise."""
    names = {f"plant{number:02}": number for number in range(1, sites + 1)}
    settings: dict[str, Any] = {
        "prefix": "myorg",
        "environment": "dev",
        "location": "eastus2",
        "clusters": {
            **{
                name: {"code": f"p{number:02}", "address_space": f"10.{100 + number}.0.0/16"}
                for name, number in names.items()
            },
            "enterprise": {"address_space": "10.2.0.0/16"},
        },
        "links": [{"from": name, "to": "enterprise"} for name in names],
    }
    config, stand_ins = with_stand_ins({stack_file.SETTINGS_KEY: settings})
    stack = LoadedStack(_PROGRAM, "fleet", config, load(config[stack_file.SETTINGS_KEY]), tuple(stand_ins))
    return evaluate_stack(stack, preview=False)


def rehearse(stack: str, *, messages: int = 200) -> Rehearsal:
    """Rehearse a committed stack from nothing, whatever was rehearsed before."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("Pulumi.yaml", "__main__.py", f"Pulumi.{stack}.yaml"):
            shutil.copy(_PROGRAM / name, folder)
        return rehearsal.rehearse(Path(folder), stack, messages=messages)


def shoot(browser: Browser, name: str, html: str) -> Iterator[Path]:
    """Shoot the page in each width and colour scheme."""
    for width, height in _SIZES.items():
        for scheme in _SCHEMES:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.set_content(html)
            file = IMAGES / f"report-{name}-{width}-{scheme}.png"
            page.screenshot(path=file)
            page.close()
            yield file


def main() -> int:
    """Write all pictures and name them."""
    now = datetime.now(UTC)
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        find_chromium()  # before the time is spent
        run = rehearse("dev")
        pages = {"dev": render_rehearsal(run, now), "fleet": render_preview(evaluate_fleet(), None, now)}
        drawing = IMAGES / "topology-dev.svg"
        read = topology.read_topology(run.judgement.deployment, run.judgement.stack.settings)
        drawing.write_text(topology.draw_svg(read, with_style=True), encoding="utf-8")
        with chromium() as browser:
            files = [drawing, *(file for name, html in pages.items() for file in shoot(browser, name, html))]
    except (BrowserMissingError, MosquittoMissingError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.writelines(f"{file.relative_to(_PROGRAM)}\n" for file in files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
