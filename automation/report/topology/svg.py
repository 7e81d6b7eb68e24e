"""SVG elements as text, every attribute and text escaped."""

from __future__ import annotations

from markupsafe import Markup, escape


def tag(name: str, *children: str | Markup, **attributes: object) -> Markup:
    """One element. `class_` and `aria_label` become `class` and `aria-label`; numbers are rounded to tenths."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_said(value))}"' for key, value in attributes.items()
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inner}</{name}>")  # noqa: S704 escaped above


def _said(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def join(parts: list[Markup]) -> Markup:
    """The elements one after the other."""
    return Markup("\n").join(parts)
