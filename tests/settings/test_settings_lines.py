"""Where in the stack file a setting stands: in problems, and for whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import Lines, Problem, Settings, SettingsError, stack_file
from tests.settings.samples import MINIMAL

TENANT = "".join(f"    {key}: {value}\n" for key, value in list(MINIMAL.items())[3:])
TEXT = """\
# a comment
config:
  edge-stamps:settings:
    prefix: myorg
    environment: dev
    location: eastus2
    clusters:
      site: {address_space: 10.1.0.0/16,
             node: {zone: "1"}}
      enterprise:
        address_space: 10.2.0.0/16
        listener:
          port: 28883
    links:
      - from: site
        to: enterprise
        topics:
          - {from: input, to: site/output}
          - from: alarms
            to: site/alarms
"""


def load(folder: Path, text: str, name: str = "Pulumi.dev.yaml") -> Settings:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    stack = file.name.split(".")[1]
    return stack_file.load(folder, stack, stack_file.read(folder, stack)[stack_file.SETTINGS_KEY])


def problems(folder: Path, text: str, name: str = "Pulumi.dev.yaml") -> dict[str, Problem]:
    """By place."""
    with pytest.raises(SettingsError) as error:
        load(folder, text, name)
    return {problem.where: problem for problem in error.value.problems}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("prefix", 4),
        ("clusters", 7),
        ("clusters.site.address_space", 8),
        ("clusters.site.node.zone", 9),
        ("clusters.enterprise.listener.port", 13),
        ("links[0]", 15),
        ("links[0].to", 16),
        ("links[0].topics[0].to", 18),
        ("links[0].topics[1]", 19),
        ("links[0].topics[1].to", 20),
    ],
)
def test_a_setting_has_the_line_of_its_key(tmp_path: Path, path: str, line: int) -> None:
    load(tmp_path, TEXT + TENANT)
    assert stack_file.lines(tmp_path, "dev").at(path) == f"Pulumi.dev.yaml:{line}"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("instance", 3),
        ("pki.leaf_days", 3),
        ("clusters.enterprise.node.vm_size", 10),
        ("links[0].topics[7].to", 17),
        ("links[1].from", 14),
    ],
)
def test_what_is_not_written_has_the_line_of_the_section_above(tmp_path: Path, path: str, line: int) -> None:
    load(tmp_path, TEXT + TENANT)
    assert stack_file.lines(tmp_path, "dev").at(path) == f"Pulumi.dev.yaml:{line}"


def test_without_a_file_nothing_has_a_line(tmp_path: Path) -> None:
    assert stack_file.lines(tmp_path, "dev") == Lines()
    assert Lines().at("clusters.site") == ""


def test_each_problem_says_its_line(tmp_path: Path) -> None:
    text = TEXT.replace("port: 28883", "port: 22")
    found = problems(tmp_path, text.replace("prefix:", "prefx:") + TENANT)
    assert {where: problem.at for where, problem in found.items()} == {
        "prefx": "Pulumi.dev.yaml:4",
        "prefix": "Pulumi.dev.yaml:3",
        "clusters.enterprise.listener.port": "Pulumi.dev.yaml:13",
    }
    found = problems(tmp_path, TEXT.replace("to: enterprise", "to: enterprize") + TENANT)
    assert str(found["links[0].to"]).startswith("  links[0].to (Pulumi.dev.yaml:16)\n    given:    enterprize\n")


@pytest.mark.parametrize("instead", ["locaton", "region"])
def test_a_missing_key_is_told_with_the_line_of_what_stands_there_instead(tmp_path: Path, instead: str) -> None:
    found = problems(tmp_path, TEXT.replace("location:", f"{instead}:") + TENANT)
    assert list(found) == ["location", instead]
    assert found["location"].hint == f"the file has {instead} in line 6"


def test_a_problem_of_an_example_names_its_folder(tmp_path: Path) -> None:
    found = problems(tmp_path, TEXT, "examples/Pulumi.two.yaml")
    assert found["tenant_id"].at == "examples/Pulumi.two.yaml:3"


def test_a_default_that_collides_is_told_as_such(tmp_path: Path) -> None:
    text = TEXT.replace("10.1.0.0/16", "10.2.0.0/16").replace("        address_space: 10.2.0.0/16\n", "")
    problem = problems(tmp_path, text + TENANT)["clusters.enterprise.address_space"]
    assert (problem.given, problem.at) == ("10.2.0.0/16", "Pulumi.dev.yaml:10")
    assert problem.hint == "not in the file: this is the default"


def test_a_value_that_is_written_is_no_default(tmp_path: Path) -> None:
    found = problems(tmp_path, TEXT.replace("10.1.0.0/16", "10.2.0.0/16") + TENANT)
    assert found["clusters.enterprise.address_space"].hint == ""


def test_keys_beside_the_settings_have_lines_too(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{TEXT}  pki: {{}}\n")["config.pki"].at == "Pulumi.dev.yaml:21"


def test_an_anchor_that_holds_itself_is_no_traceback(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "config:\n  edge-stamps:settings: &all\n    prefix: *all\n").values()
    assert "valid YAML" in problem.expected
