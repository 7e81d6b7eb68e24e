"""Options that several commands take, and the group that reads the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from automation.commands.run import check_engine, check_new, check_writable, print_usage_error
from automation.deployment.engine import ENGINE_VARIABLE, EngineChoice


def _to_write(flag: str, text: str) -> Any:
    """Return the option that names a file to write."""
    return typer.Option(flag, metavar="FILE", callback=check_writable, help=text)


OFFLINE, LIVE, LOOK = "Without a cloud or an account", "A stack in Azure (or its model, with --offline)", "Look at it"
GROUPS = (OFFLINE, LIVE, LOOK)
"""Of commands."""

Stack = Annotated[str, typer.Option("--stack", metavar="NAME", help="The stack: its settings are in Pulumi.NAME.yaml.")]
Offline = Annotated[
    bool, typer.Option("--offline", is_eager=True, help="With a modelled Azure, which is kept in .rehearsal/.")
]
Engine = Annotated[
    EngineChoice,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        envvar=ENGINE_VARIABLE,
        callback=check_engine,
        help="What deploys into the modelled Azure. pulumi: the CLI on PATH; offline: an engine of its own; auto: the"
        " CLI where there is one that is recent enough.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output (docs/commands.schema.json).")
]

Egress = Annotated[
    bool, typer.Option("--egress", help="Instead: every host that a node has to reach, and why (docs/egress.md).")
]
EgressList = Annotated[
    bool, typer.Option("--egress-list", help="Only these hosts for a firewall: host:port, one a line, sorted.")
]
ImageScript = Annotated[
    bool,
    typer.Option(
        "--image-script", help="Only the script that makes a VM the image of this cluster's node (docs/node-image.md)."
    ),
]
Report = Annotated[Path | None, _to_write("--report", "HTML page to write. No secret is in it.")]
Serve = Annotated[
    bool,
    typer.Option(
        "--serve", help="Only serve what is rehearsed, as Azure's REST on this machine, until Ctrl-C (docs/serve.md)."
    ),
]
RunAgain = Annotated[
    list[str] | None,
    typer.Option(
        "--run-again", metavar="CLUSTER", help="Run the scripts of this cluster again; after a failure they do anyway."
    ),
]
GoneClusters = Annotated[
    list[str] | None,
    typer.Option(
        "--cluster-is-gone",
        metavar="CLUSTER",
        help="The node of this cluster never comes back: what is on it is deleted in Azure alone.",
    ),
]
Fault = Annotated[
    list[str] | None,
    typer.Option(
        "--fault", metavar="FAULT", help="With --offline: NAME:OPERATION:KIND[:TIMES] goes wrong (docs/world.md)."
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Then ask Azure and clusters whether all is well, as `verify` does.")
]
Clusters = Annotated[
    list[str] | None,
    typer.Option("--cluster", metavar="CLUSTER", help="Only this cluster, with the links that it sends over."),
]
Links = Annotated[list[str] | None, typer.Option("--link", metavar="LINK", help="Only this link.")]
AzureOnly = Annotated[
    bool, typer.Option("--azure-only", help="Run no script on a node: a login that may only read is enough.")
]
Messages = Annotated[
    bool, typer.Option("--messages", help="Send a message over each topic of each link, and one to be refused.")
]
JUnit = Annotated[Path | None, _to_write("--junit", "JUnit XML to write, for a CI's tests.")]
Ics = Annotated[Path | None, _to_write("--ics", "Calendar (RFC 5545) to write: when each is due, and ends.")]
Within = Annotated[
    int, typer.Option("--within", metavar="DAYS", min=0, max=3650, help="What is due in so many days is due already.")
]
Markdown = Annotated[Path | None, _to_write("--markdown", "Markdown to write, for a CI's summary.")]
SupportBundle = Annotated[
    Path | None,
    typer.Option(
        "--support-bundle", metavar="FILE", callback=check_new,
        help="New .tar.gz to write, for whoever helps: all that was seen, events and logs, without secrets.",
    ),
]  # fmt: skip
AsPreview = Annotated[
    bool, typer.Option("--preview", help="As `pulumi preview` on an empty world: what is not known yet is marked.")
]
OnlyDestroy = Annotated[
    bool, typer.Option("--destroy", help="Only destroy and forget what earlier rehearsals have deployed.")
]
WithoutMessages = Annotated[
    bool, typer.Option("--without-messages", help="Send no messages; then no Mosquitto is needed.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave out the last step, destroy, to look around.")]
Out = Annotated[Path | None, _to_write("--out", "File to write, instead of printing.")]
Drawing = Annotated[Path | None, _to_write("--out", "SVG file to write, instead of printing text.")]
Sample = Annotated[int, typer.Option("--sample", metavar="NUMBER", min=0, help="How many cases to try; 0: all.")]
Seed = Annotated[int, typer.Option("--seed", metavar="NUMBER", help="Chooses which resource of each type fails.")]


_WORDS = (
    ("^Value error, ", ""),
    ("^Input should be a valid integer.*", "expected a whole number"),
    (r"^Input should be greater than or equal to (\S+)$", r"expected \1 or more"),
    (r"^Input should be less than or equal to (\S+)$", r"expected at most \1"),
)
"""What the parser's library says of a wrong value -> what is meant."""


class Commands(TyperGroup):
    """Commands that print a document also where the command line itself is wrong."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        ctx.obj = name, command, [*rest]  # the parser empties the list itself
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            for said, meant in _WORDS:
                error.message = re.sub(said, meant, error.message)
            name, command, arguments = ctx.obj or ("", None, ())
            if command and "--json" in arguments and any("--json" in each.opts for each in command.params):
                print_usage_error(name, arguments, error.format_message())
            raise  # told in words by typer
