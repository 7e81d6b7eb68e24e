"""Reading `Pulumi.<stack>.yaml`, and the two that are committed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from settings import TENANT_KEYS, Problem, SettingsError, load, stack_file
from settings.loaded_stack import load_stack
from tests.settings.samples import MINIMAL

REPOSITORY = Path(__file__).parents[2]


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
    examples = "brownfield, every-setting, external-ca, plant, three-sites, two-enterprises"
    assert problem.expected.endswith(f"here: dev, prod; or one of the examples: {examples}")
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
        ("config:\n  a: [1, 2\n", 2),
        ("config:\n\ta: 1\n", 2),
        ("config:\n  a: 1\n b: 2\n", 3),
        ("config:\n  a: !!python/object:os.system {}\n", 2),
    ],
)
def test_broken_yaml_is_told_with_its_line(read: Callable[[str], dict[str, object]], text: str, line: int) -> None:
    problem = refusal(read, text)
    assert problem.where == f"Pulumi.dev.yaml:{line}"
    assert "valid YAML" in problem.expected


SETTINGS = """\
config:
  edge-stamps:settings:
    prefix: myorg
    environment: dev
    clusters:
      site:
        code: a
      enterprise:
        code: b
    links:
      - from: site
        to: enterprise
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "text", "example"),
    [
        ("prefix: myorg", "prefix:myorg", 3, "a space is missing after the colon", "prefix: myorg"),
        (
            "    environment",
            "     environment",
            4,
            "it begins in column 6, line 3 above in column 5",
            "environment: dev",
        ),
        ("    environment", "   environment", 4, "it begins in column 4, line 3 above in column 5", "environment: dev"),
        ("      enterprise:", "       enterprise:", 8, "in column 8, line 7 above in column 9", "enterprise:"),
        ("        to:", "      to:", 12, "in column 7, line 11 above in column 9", "to: enterprise"),
        ("        code: b", "\tcode: b", 9, "a tab indents this line", "code: b"),
        ("edge-stamps:settings:", "edge-stamps:settings", 2, "a colon is missing", "edge-stamps:settings:"),
        ("prefix: myorg", "prefix myorg", 3, "a colon is missing", "prefix: myorg"),
        ("prefix: myorg", r'prefix: "my\org"', 3, "a backslash stands in single quotes", r"prefix: 'my\org'"),
        ("prefix: myorg", "prefix: my: org", 3, "stands in quotes", 'prefix: "my: org"'),
        ("prefix: myorg", "prefix: @org", 3, "stands in quotes", 'prefix: "@org"'),
        ("prefix: myorg", 'prefix: "myorg', 3, "opens here and is not closed", "{from: input, to: site/output}"),
        ("code: a", "node: {zone: '1'", 7, "opens here and is not closed", "{from: input, to: site/output}"),
    ],
)
def test_a_slip_in_the_yaml_is_told_in_plain_words_with_its_line(
    read: Callable[[str], dict[str, object]], old: str, new: str, line: int, text: str, example: str
) -> None:
    assert read(SETTINGS)
    problem = refusal(read, SETTINGS.replace(old, new, 1))
    assert (problem.where, problem.example) == (f"Pulumi.dev.yaml:{line}", example)
    assert text in problem.expected
    assert not any(word in str(problem) for word in ("block", "mapping", "token", "simple key"))


def test_a_quote_that_a_comment_closes_is_told_where_it_opens(read: Callable[[str], dict[str, object]]) -> None:
    text = SETTINGS.replace("prefix: myorg", 'prefix: "myorg').replace("    links", '    # say "so"\n    links')
    problem = refusal(read, text)
    assert problem.where == "Pulumi.dev.yaml:3"
    assert "opens here and is not closed" in problem.expected


def test_duplicate_keys_are_told_with_both_lines(read: Callable[[str], dict[str, object]]) -> None:
    text = "config:\n  edge-stamps:settings:\n    links:\n      - from: a\n        to: b\n        from: c\n"
    problem = refusal(read, text)
    assert problem.where == "Pulumi.dev.yaml:6"
    assert "from is in line 4 already" in problem.expected
    assert "from: c" in problem.given
    assert problem.hint == "keep one of the two, in line 4 or here"
    assert str(problem).startswith("  Pulumi.dev.yaml:6\n")


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
    assert settings.environment == settings.profile == stack
    assert list(settings.links) == ["site-to-enterprise"]


def uncommented(text: str) -> str:
    """The committed file of dev with what its comments offer: the tenant's values and a third cluster with its link."""
    for key in TENANT_KEYS:
        text = re.sub(rf"# {key}: .*", f"{key}: {MINIMAL[key]}", text)
    return re.sub(r"^( *)# (plant2:|  code:|  address_space:|- from: plant2|  to:)", r"\1\2", text, flags=re.MULTILINE)


def assert_a_third_cluster(folder: Path) -> None:
    """Of dev in the folder, once its comments are taken away."""
    file = folder / "Pulumi.dev.yaml"
    file.write_text(uncommented(file.read_text(encoding="utf-8")), encoding="utf-8")
    settings = stack_file.load(folder, "dev", stack_file.read(folder, "dev")[stack_file.SETTINGS_KEY])
    assert set(settings.clusters) == {"site", "enterprise", "plant2"}
    assert set(settings.links) == {"site-to-enterprise", "plant2-to-enterprise"}


def test_what_dev_offers_in_comments_works_once_uncommented(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", tmp_path)
    assert_a_third_cluster(tmp_path)


def test_what_dev_offers_in_comments_works_after_the_cli_has_rewritten_the_file(tmp_path: Path, pulumi: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "state").mkdir()
    own = {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "not a secret",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    done = subprocess.run(
        [pulumi, "stack", "init", "dev", "--non-interactive"],
        cwd=tmp_path, env={**os.environ, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "encryptionsalt: " in (tmp_path / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert_a_third_cluster(tmp_path)


def test_dev_writes_out_what_is_default_anyway(minimal: dict[str, Any]) -> None:
    dev, default = load({**minimal, **committed("dev")}), load(minimal)
    assert (dev.clusters, dev.links) == (default.clusters, default.links)


def test_prod_really_differs_from_dev(minimal: dict[str, Any]) -> None:
    dev, prod = (load({**minimal, **committed(stack)}) for stack in ("dev", "prod"))
    assert prod.protection.protect
    assert not dev.protection.protect
    site, enterprise = prod.clusters.values()
    assert site.node and enterprise.node
    assert {site.node.zone, enterprise.node.zone} == {"1", "2"}
    assert len(prod.links["site-to-enterprise"].topics) == 3
    assert enterprise.listener
    assert enterprise.listener.dns_names == (), "a name that nobody has made would end every message"
    assert site.broker.persistence_gib == 48
    networks = [cluster.network for stack in (dev, prod) for cluster in stack.clusters.values()]
    spaces = [network.address_space for network in networks if network]
    assert len(spaces) == 4
    assert not any(one.overlaps(other) for one in spaces for other in spaces if one is not other)
    names = [{cluster.names.key_vault for cluster in stack.clusters.values()} for stack in (dev, prod)]
    assert not names[0] & names[1]


def test_lines_of_a_private_key_are_not_shown(tmp_path: Path) -> None:
    """Pasted without indentation, in the place of the public one."""
    pasted = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n"
    text = f"config:\n  edge-stamps:settings:\n    prefix: myorg\n    ssh_public_key: {pasted}"
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        stack_file.read(tmp_path, "dev")
    assert "b3BlbnNz" not in str(refused.value)
    assert stack_file.NOT_SHOWN in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "config: KEY\n",
        "config: [KEY]\n",
        "config:\n  edge-stamps:settings: KEY\n",
        "config:\n  KEY: 1\n",
        "config:\n  edge-stamps:settings:\n    prefix: KEY\n    prefix: KEY\n",
        "config:\n  edge-stamps:settings:\n    KEY: 1\n    KEY: 2\n",
    ],
)
def test_a_private_key_anywhere_is_not_repeated(tmp_path: Path, text: str) -> None:
    key = '"-----BEGIN PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAABG5vbmU -----END PRIVATE KEY-----"'
    (tmp_path / "Pulumi.dev.yaml").write_text(text.replace("KEY", key), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_stack(tmp_path, "dev")
    assert "b3BlbnNz" not in str(refused.value)
