"""`python -m automation.reference --write` writes the generated pages of docs/; `--check` compares them."""

from __future__ import annotations

import sys

from automation.reference import commands, facts, pages, settings

PAGES = {
    "commands.md": commands.render_commands,
    "settings.md": settings.render_settings,
    "rules.md": pages.render_rules,
    "facts.md": facts.render_facts,
    "world.md": pages.render_world,
    "cluster.md": pages.render_cluster,
    "node.md": pages.render_node,
    "errors.md": pages.render_errors,
    "verify.md": pages.render_verify,
}

if __name__ == "__main__":
    sys.exit(pages.write_or_check(PAGES, None))
