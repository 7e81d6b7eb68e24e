"""Reading `Pulumi.<stack>.yaml`, and the two that are committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from settings import TENANT_KEYS, Problem, SettingsError, load, stack_file

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], dict[str, object]]:
    """Reads a stack `dev` with the given text."""

    def write_and_read(text: str) -> dict[str, object]:
        (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
        return stack_file.read(tmp_path, "dev")

    return write_and_read


def refusal(read: Callable[[str], object], text: str) -> Problem:
    with pytest.raises(SettingsError) as error:
        read(text)
    (problem,) = error.value.problems
    return problem


def test_config_is_returned_as_it_stands(read: Callable[[str], dict[str, object]]) -> None:
    config = read("encryptionsalt: v1:x\nconfig:\n  edge-stamps:settings: {prefix: p}\n  pulumi:tags: {a: b}\n")
    assert config == {"edge-stamps:settings": {"prefix": "p"}, "pulumi:tags": {"a": "b"}}


@pytest.mark.parametrize("key", ["links", "edge-stamps:pki", "azure-native:location"])
def test_a_key_that_nobody_would_read_is_refused(read: Callable[[str], dict[str, object]], key: str) -> None:
    problem = refusal(read, f"config:\n  edge-stamps:settings: {{prefix: p}}\n  {key}: x\n")
    assert problem.where == f"config.{key}"
    assert "edge-stamps:settings" in problem.example


def test_two_stacks_cannot_own_the_same_names(tmp_path: Path) -> None:
    for stack, instance in (("dev", "'001'"), ("copy", "'001'"), ("other", "'002'")):
        text = f"config:\n  edge-stamps:settings: {{prefix: p, environment: dev, instance: {instance}}}\n"
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"Pulumi\.copy\.yaml"):
        stack_file.read(tmp_path, "dev")
    assert stack_file.read(tmp_path, "other")


def test_a_broken_neighbour_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  edge-stamps:settings: {prefix: p}\n", encoding="utf-8")
    (tmp_path / "Pulumi.old.yaml").write_text("config: [", encoding="utf-8")

    assert stack_file.read(tmp_path, "dev")


def test_qualified_stack_names_lead_to_the_same_file(tmp_path: Path) -> None:
    assert stack_file.path(tmp_path, "org/edge-stamps/dev") == tmp_path / "Pulumi.dev.yaml"
    assert stack_file.source("org/edge-stamps/dev") == "the settings of stack dev (Pulumi.dev.yaml)"


def test_unknown_stack_lists_those_that_exist() -> None:
    with pytest.raises(SettingsError) as error:
        stack_file.read(REPOSITORY, "prd")
    (problem,) = error.value.problems
    assert problem.expected.endswith("here: dev, prod; or one of the examples: three-sites, two-enterprises")
    assert problem.example == "prod"


def test_a_misspelt_example_is_recognized() -> None:
    with pytest.raises(SettingsError, match="example:  three-sites"):
        stack_file.read(REPOSITORY, "three-site")


def test_no_stack_at_all(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml"):
        stack_file.read(tmp_path, "dev")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("config:\n  a: [1, 2\n", 3),
        ("config:\n\ta: 1\n", 2),
        ("config:\n  a: 1\n b: 2\n", 3),
        ("config:\n  a: !!python/object:os.system {}\n", 2),
    ],
)
def test_broken_yaml_is_told_with_its_line(read: Callable[[str], dict[str, object]], text: str, line: int) -> None:
    problem = refusal(read, text)
    assert problem.where == f"Pulumi.dev.yaml:{line}"
    assert "valid YAML" in problem.expected


def test_duplicate_keys_are_told_with_both_lines(read: Callable[[str], dict[str, object]]) -> None:
    text = "config:\n  edge-stamps:settings:\n    links:\n      - from: a\n        to: b\n        from: c\n"
    problem = refusal(read, text)
    assert problem.where == "Pulumi.dev.yaml:6"
    assert "from is in line 4 already" in problem.expected
    assert "from: c" in problem.given


def test_the_same_key_in_two_maps_is_no_duplicate(read: Callable[[str], dict[str, object]]) -> None:
    assert read("config:\n  edge-stamps:settings:\n    clusters: {a: {code: a}, b: {code: b}}\n")


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_bytes(b"config: \xff")
    with pytest.raises(SettingsError, match="UTF-8"):
        stack_file.read(tmp_path, "dev")


@pytest.mark.parametrize("text", ["", "config:\n", "- config\n", "text", "config: [1]\n"])
def test_without_a_config_map(read: Callable[[str], dict[str, object]], text: str) -> None:
    assert refusal(read, text).where == "config"


def test_without_our_key_the_nearest_is_shown(read: Callable[[str], dict[str, object]]) -> None:
    problem = refusal(read, "config:\n  edge-stamp:settings: {}\n")
    assert problem.where == "config.edge-stamps:settings"
    assert "the file has edge-stamp:settings" in problem.hint


# --- the committed stacks ---


def committed(stack: str) -> dict[str, Any]:
    value = stack_file.read(REPOSITORY, stack)[stack_file.SETTINGS_KEY]
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_only_the_tenants_values_are_missing(stack: str) -> None:
    try:
        load(committed(stack))
    except SettingsError as error:
        missing = {problem.where for problem in error.problems}
    else:
        missing = set()  # Somebody has filled them in.
    assert missing <= set(TENANT_KEYS)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_committed_stacks_resolve_with_the_tenants_values(minimal: dict[str, Any], stack: str) -> None:
    settings = load({**committed(stack), **{key: minimal[key] for key in TENANT_KEYS}})
    assert settings.environment == settings.profile.name == stack
    assert list(settings.links) == ["site-to-enterprise"]


def test_dev_writes_out_what_is_default_anyway(minimal: dict[str, Any]) -> None:
    dev, default = load({**minimal, **committed("dev")}), load(minimal)
    assert (dev.clusters, dev.links) == (default.clusters, default.links)


def test_prod_really_differs_from_dev(minimal: dict[str, Any]) -> None:
    dev, prod = (load({**minimal, **committed(stack)}) for stack in ("dev", "prod"))
    assert prod.profile.protect
    assert not dev.profile.protect
    site, enterprise = prod.clusters.values()
    assert {site.node.zone, enterprise.node.zone} == {"1", "2"}
    assert len(prod.links["site-to-enterprise"].topics) == 3
    assert enterprise.listener
    assert enterprise.listener.host == "broker.factory.example.com"
    assert site.broker.persistence_gib == 48
    spaces = [cluster.network.address_space for stack in (dev, prod) for cluster in stack.clusters.values()]
    assert not any(one.overlaps(other) for one in spaces for other in spaces if one is not other)
    names = [{cluster.names.key_vault for cluster in stack.clusters.values()} for stack in (dev, prod)]
    assert not names[0] & names[1]
