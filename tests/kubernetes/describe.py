"""The page about tests on the real API server, docs/kubernetes.md: `python -m tests.kubernetes.describe --write`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from automation.reference.pages import write_or_check
from tests.collected import collect_tests, words_of
from tests.kubernetes.table import NOT_MODELLED, SUCCEEDS

TESTS = Path(__file__).parent

_INTRODUCTION = """\
# Node scripts on a real Kubernetes API

Written by `make docs` from `tests/kubernetes`. Change the tests, not this page.

Each case runs `nodes/apply-objects.sh` or `nodes/await-secrets.sh` with the real `kubectl` against a real API server,
etcd and trust-manager (with its webhook), and asks the [modelled cluster](cluster.md) about the same deployment. The
scripts get what the program sends for every committed stack; a mistake is made in both, in the model by what is
deployed into the modelled Azure. Where the model knows no such thing, the table says so; that a user may not, or that
the API server is gone, is there a Run Command that Azure calls failed. Texts are excerpts of what was said, and each
test compares both. `make kubernetes` builds the four programs; without them these tests are skipped and
say so, and fail in CI.

```console
$ make kubernetes
$ .venv/bin/python -m pytest tests/kubernetes
```

What `verify` asks of a cluster, it asks there too, of objects that a test has made by hand: one that is well, and
one cause for each of its checks (`tests/kubernetes/test_verify.py`); and one that the stack's own script has hardened,
whose hardening somebody undoes (`tests/kubernetes/test_verify_hardening.py`). Likewise the warnings of a support
bundle; no kubelet is there, so that of logs only the refusal is seen (`tests/kubernetes/test_describe.py`).

Not real: K3s, secret sync (its Secrets and conditions are those of the model, and its kind is cut down to what the
scripts read), IoT Operations, and the scripts' clock, which runs faster. trust-manager and Kubernetes are of the
versions that `tools/kubernetes` pins, not of those that a node has.

| case | on the real API server | in the model |
| --- | --- | --- |
"""


def page() -> str:
    """Return the whole page."""
    return _INTRODUCTION + "".join(f"| {' | '.join(row)} |\n" for row in dict.fromkeys(_rows()))


def _rows() -> Iterator[tuple[str, str, str]]:
    for item in collect_tests(TESTS):
        marker, case = item.get_closest_marker("row"), words_of(item)
        if not marker:
            continue
        given = getattr(item, "callspec", None)
        if given and "tried" not in given.params:
            case += f": {given.id.rpartition('-')[2]}"
        yield case, _quote(marker.kwargs["real"]), _quote(marker.kwargs["model"])


def _quote(text: str) -> str:
    return text if text in (SUCCEEDS, NOT_MODELLED) else f"`{text}`"


if __name__ == "__main__":
    sys.exit(write_or_check({"kubernetes.md": page}, None))
