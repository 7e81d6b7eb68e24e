"""What NetworkPolicies let through: cases from https://kubernetes.io/docs/concepts/services-networking/network-policies."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from rules.pod_traffic import End, lets_through

DB = End("db", "default", {"role": "db"})
FRONTEND = End("frontend", "default", {"role": "frontend"})
PROJECT = End("project", "myproject", {"role": "client"})
INSIDE = End("in the block", address="172.17.2.1")
EXEMPT = End("exempt", address="172.17.1.1")
ELSEWHERE = End("elsewhere", address="192.0.2.1")


def policies(*specs: str, namespace: str = "default") -> list[dict[str, Any]]:
    return [{"metadata": {"namespace": namespace, "name": "x"}, "spec": yaml.safe_load(spec)} for spec in specs]


# The page's first example, but that its namespaceSelector has the label that every namespace has.
EXAMPLE = policies(
    """
podSelector: {matchLabels: {role: db}}
policyTypes: [Ingress, Egress]
ingress:
- from:
  - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: myproject}}
  - podSelector: {matchLabels: {role: frontend}}
  ports: [{protocol: TCP, port: 6379}]
egress:
- to: [{ipBlock: {cidr: 10.0.0.0/24}}]
  ports: [{protocol: TCP, port: 5978}]
"""
)


@pytest.mark.parametrize(
    ("source", "port", "passes"),
    [(FRONTEND, 6379, True), (PROJECT, 6379, True), (INSIDE, 6379, True), (EXEMPT, 6379, False),
     (ELSEWHERE, 6379, False), (DB, 6379, False), (FRONTEND, 6380, False)],
)  # fmt: skip
def test_the_example_lets_in_three_kinds_of_sources_on_one_port(source: End, port: int, passes: bool) -> None:
    assert lets_through(EXAMPLE, source, DB, port) is passes


def test_the_example_lets_out_to_one_block_and_one_port() -> None:
    target = End("target", address="10.0.0.9")
    assert lets_through(EXAMPLE, DB, target, 5978)
    assert not lets_through(EXAMPLE, DB, target, 5979)
    assert not lets_through(EXAMPLE, DB, ELSEWHERE, 5978)
    assert not lets_through(EXAMPLE, DB, target, 5978, "UDP")


def test_a_pod_that_no_policy_selects_is_open() -> None:
    assert lets_through(EXAMPLE, ELSEWHERE, FRONTEND, 1)
    assert lets_through(EXAMPLE, ELSEWHERE, End("db of another namespace", "other", {"role": "db"}), 1)


ALL = End("any", "default")
SAME, OTHER = End("same", "default"), End("other", "other")


@pytest.mark.parametrize(
    ("spec", "source", "passes"),
    [
        ("{podSelector: {}, policyTypes: [Ingress]}", SAME, False),  # "Default deny all ingress traffic"
        ("{podSelector: {}, ingress: [{}], policyTypes: [Ingress]}", ELSEWHERE, True),  # "Allow all ingress traffic"
        ("{podSelector: {}}", SAME, False),  # without policyTypes, Ingress is always set
        ("{podSelector: {}, policyTypes: [Egress]}", SAME, False),  # the source is of the same namespace
        ("{podSelector: {}, policyTypes: [Egress]}", OTHER, True),
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", SAME, True),
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", OTHER, False),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", OTHER, True),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", ELSEWHERE, False),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]}", OTHER,
         False),
        ("{podSelector: {}, ingress: [{from: []}]}", ELSEWHERE, True),  # "empty or missing: all sources"
        ("{podSelector: {}, ingress: [{ports: [{port: 1024, endPort: 65535}]}]}", OTHER, True),
        ("{podSelector: {}, ingress: [{ports: [{port: 1024, endPort: 2000}]}]}", OTHER, False),
        ("{podSelector: {}, ingress: [{ports: [{port: mqtt}]}]}", OTHER, False),  # a named port: whose is not known
        ("{podSelector: {}, ingress: [{ports: [{protocol: TCP}]}]}", OTHER, True),
        ("{podSelector: {matchLabels: {a: b}}}", OTHER, True),
        ("{podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}", OTHER, False),
        ("{podSelector: {matchExpressions: [{key: a, operator: Exists}]}}", OTHER, True),
        ("{podSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}", OTHER, True),
        ("{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}", OTHER, False),
    ],
)  # fmt: skip
def test_one_policy(spec: str, source: End, passes: bool) -> None:
    assert lets_through(policies(spec), source, ALL, 28883) is passes


def test_without_policy_types_egress_is_set_where_there_are_such_rules() -> None:
    spec = "{podSelector: {}, ingress: [{}], egress: [{to: [{podSelector: {}}]}]}"
    assert lets_through(policies(spec), ALL, SAME, 1)
    assert not lets_through(policies(spec), ALL, ELSEWHERE, 1)


def test_policies_add_up() -> None:
    deny, allow = "{podSelector: {}}", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"
    assert lets_through(policies(deny, allow), OTHER, ALL, 1)
    assert lets_through(policies(allow, deny), OTHER, ALL, 1)


def test_both_ends_have_to_agree() -> None:
    silent = policies("{podSelector: {}, policyTypes: [Egress]}", namespace="other")
    assert not lets_through(silent, OTHER, ALL, 1)
    assert lets_through(silent, ALL, OTHER, 1)
