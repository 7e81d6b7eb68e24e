"""The page about errors, docs/errors.md: `python -m automation.reference.errors` prints it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automation.deployment.deployer import MOST_RUNS
from automation.deployment.error_catalog import REMEDIES, TRANSIENTS
from automation.reference.pages import serve, table

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

_INTRODUCTION = f"""\
# When a deployment fails

Written by `make docs`. Change the tables in `automation/deployment/error_catalog.py`, not this page.

`python -m automation up` goes on with everything that does not depend on a failure. Where all that failed passes by
itself, it waits and runs again, {MOST_RUNS} runs at most. Otherwise it ends with exit code 1 and names each resource,
what Azure said, and the next step. Run the same command again after mending: it goes on from there.

What a killed run has left is settled first:

* The lock of a run that began on this machine and was killed is taken away. Any other lock is respected, and its holder
  named.
* A create of which nobody knows whether Azure has done it is looked for. What exists and is this stack's is taken into
  the stack and written once more, what does not is created. azure-native refuses to create what exists, so plain
  `pulumi up` cannot get past it.

Ctrl-C lets what runs end and begins nothing more (exit code 130). SIGTERM and SIGKILL end it at once.

Plain `pulumi up` waits for nothing and settles nothing. It can always be run again; after a kill use the command above.

For example, without Azure:

```console
$ make rehearse-clean
$ .venv/bin/python -m automation up --offline --fault site-node:create:connection-cut
...
  FAILED site-node
...
site-node: The connection was cut (TRANSIENT-20); tried again
Waiting 20 s for what passes by itself ...
Looking what there is of what is in doubt ...
site-node: its create was cut off after Azure had taken it; it is in the stack now
```

(Offline the seconds are not waited for.)

## What passes by itself

*Wait* is in seconds; Azure's own request for a longer wait counts. *Times* is how often one resource may fail so in one
`up`. *Looked for*: the resource may exist although the call failed.

"""

_REMEDIES = """
TRANSIENT-00 is no row: it is said of what this stack has made and Azure shows late, and of a vault secret that an
earlier link of the same name has left. Both are looked for and taken over.

## What does not pass by itself

Any of these anywhere in a message ends the command at once. The last row is advice for what should have passed and has
not.

"""


def page() -> str:
    """The whole page."""
    passing = (
        (one.id, one.title, str(one.wait), str(one.limit), "yes" if one.exists else "", one.source)
        for one in TRANSIENTS
    )
    lasting = ((one.id, one.title, one.remedy, one.source) for one in REMEDIES)
    return "".join(
        [
            _INTRODUCTION,
            table(("row", "what is wrong", "wait", "times", "looked for", "source"), passing),
            _REMEDIES,
            table(("row", "what is wrong", "next step", "source"), lasting),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print, write or check the page."""
    return serve(page, PAGE, arguments)


if __name__ == "__main__":
    sys.exit(main())
