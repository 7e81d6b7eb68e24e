"""Managed Run Command: parameters and their limits."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from arm.types.compute import RUN_COMMAND
from components.authorities import compute_fingerprint
from components.hosting.host import encode_parameter
from graph.graph import Graph
from graph.inputs import parameters
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS

Recorded = Callable[..., Graph]


def test_a_parameter_is_one_line_that_no_shell_interprets() -> None:
    encoded = encode_parameter([{"pem": "$(reboot)\n'\""}])

    assert encoded.replace("=", "").replace("+", "").replace("/", "").isalnum()
    assert json.loads(base64.b64decode(encoded)) == [{"pem": "$(reboot)\n'\""}]


def test_a_parameter_beyond_100_kib_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"has \d+ bytes; at most 102400"):
        encode_parameter(["x" * 100_000])


def test_a_failed_script_fails_the_deployment(recorded: Recorded) -> None:
    commands = list(recorded(TWO_CLUSTERS).of_type(RUN_COMMAND))

    assert len(commands) == 10
    assert all(command.plain_inputs["treatFailureAsDeploymentFailure"] is True for command in commands)
    assert all(command.plain_inputs["timeoutInSeconds"] > 0 for command in commands)


def test_every_script_of_a_cluster_carries_its_value_and_says_how_it_runs_again(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    for cluster in ("site", "enterprise"):
        run = graph.named(f"{cluster}-script-run")
        commands = [one for one in graph.of_type(RUN_COMMAND) if one.name.startswith(f"{cluster}-")]
        assert len(commands) == 5
        for command in commands:
            given = parameters(command.plain_inputs)
            assert given["SCRIPT_RUN"] == run.plain_outputs["hex"]
            assert given["RUN_AGAIN"] == f"pulumi up --replace '{run.urn}'"


def test_commands_of_one_node_run_one_after_the_other(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)
    order = ["setup-k3s", "connect-arc", "apply-objects", "await-secrets", "probe-links"]

    for cluster in ("site", "enterprise", "archive"):
        urns = [graph.named(f"{cluster}-{script}").urn for script in order]
        assert all(earlier in graph.ancestors(later) for earlier, later in pairwise(urns))


def test_the_fingerprint_is_that_of_the_first_certificate(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    leaf = graph.named("site-to-enterprise-client-leaf-g1").plain_outputs["certPem"]
    intermediate = graph.named("client-intermediate-g1").plain_outputs["certPem"]

    assert compute_fingerprint(leaf + intermediate) == compute_fingerprint(leaf) != compute_fingerprint(intermediate)
