"""Render the page as one HTML file: templates, style and script, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from automation.console import duration, minutes
from automation.report.page import Page
from automation.report.timeline import concern_class
from automation.report.topology import PALETTE, STYLE, draw_svg
from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.cluster.rules import CLUSTER_RULES
from rehearsal.mqtt.result import summarize
from rules import PREVIEW_RULES, RULES

_TEMPLATES = Path(__file__).with_name("templates")


def mark_code(text: str) -> Markup:
    """Return a message as HTML; what it sets in backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if index % 2 else escape(part) for index, part in enumerate(parts))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "concern_class": concern_class,
    "duration": duration,
    "marked": mark_code,
    "minutes": minutes,
    "summarize": summarize,
}
_ENVIRONMENT.globals |= {
    "all_rules": [*RULES, *PREVIEW_RULES],
    "rules_of_azure": len(WORLD_RULES),
    "rules_of_clusters": len(CLUSTER_RULES),
}


def render(page: Page) -> str:
    """Return the whole page, the same for the same input."""
    css = _read_own("page.css", PALETTE + STYLE)
    script = _read_own("page.js")
    allowed = f"style-src {_hash(css)}; script-src {_hash(script)}"
    return _ENVIRONMENT.get_template("page.html").render(
        page=page,
        css=css,
        script=script,
        policy=f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'",
        drawing=Markup(draw_svg(page.topology, with_style=False)),  # noqa: S704 escaped there
    )


def _read_own(name: str, before: str = "") -> Markup:
    """Return a text of ours, which goes into the page as it is."""
    return Markup(before + (_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 nothing of it is a run's


def _hash(text: str) -> str:
    """Return how a Content Security Policy names an inline text (W3C CSP Level 3, §2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
