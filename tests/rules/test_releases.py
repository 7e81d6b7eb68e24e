"""Every release of the table deploys: its API versions take what the program sends."""

from __future__ import annotations

import pytest

from rules import judge
from settings.releases import RELEASES
from tests.conftest import TWO_CLUSTERS, evaluate, resolve


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_has_no_findings(release: str) -> None:
    settings = {**TWO_CLUSTERS, "environment": "prod", "release": release}
    graph = evaluate(settings)

    assert judge(graph, resolve(settings)) == []
    assert graph.named("site-aio-extension").plain_inputs["version"] == RELEASES[release].aio_version
