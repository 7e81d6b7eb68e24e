"""The page about the rules, docs/rules.md: `python -m automation.reference.rules` prints it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automation.reference.pages import serve, table
from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.cluster.rules import CLUSTER_RULES
from rules import PREVIEW_RULES, RULES
from settings.rules import RULES as SETTINGS_RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"

_INTRODUCTION = f"""\
# Rules

Written by `make docs`. Change the tables that are named below, not this page.

Four kinds of rules stand between a mistake and Azure, in this order:

| when | what is judged | rules |
| --- | --- | --- |
| `check`, and the first second of `pulumi preview` | the settings | {len(SETTINGS_RULES)}, below |
| `rehearse` | everything that the program would send | {len(RULES) + len(PREVIEW_RULES)}, below |
| `rehearse`, `up --offline` | each request, by the modelled Azure | {len(WORLD_RULES)}, [world.md](world.md) |
| `rehearse` | what the clusters make of it | {len(CLUSTER_RULES)}, [cluster.md](cluster.md) |

Short names of sources, such as field-review, are explained in [sources.md](sources.md). Ids are stable.

"""

_SETTINGS = """\
## Of the settings

Rules over several settings (`settings/rules/`); a message about one names it in its row `rule`. What one setting may
be is in [settings.md](settings.md).

"""

_DEPLOYMENT = """
## Of the whole deployment

`rules/`. What a rule expects it takes from the recorded resources and from what Azure, Arc and AIO do,
never from the components that it judges.

"""

_PREVIEW = """
## Of the preview

"""


def page() -> str:
    """The whole page."""
    return "".join(
        [
            _INTRODUCTION,
            _SETTINGS,
            table(
                ("rule", "what must hold", "source"), ((rule.id, rule.title, rule.source) for rule in SETTINGS_RULES)
            ),
            _DEPLOYMENT,
            table(("rule", "what must hold", "source"), ((rule.id, rule.title, rule.source) for rule in RULES)),
            _PREVIEW,
            table(("rule", "what must hold"), ((identifier, title) for identifier, title, _ in PREVIEW_RULES)),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print, write or check the page."""
    return serve(page, PAGE, arguments)


if __name__ == "__main__":
    sys.exit(main())
