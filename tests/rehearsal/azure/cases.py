"""The cases of the rules: what each rule refuses. `cases_*` register them here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rehearsal.azure.samples import Azure, refusal

Scenario = Callable[[Azure], str]
CASES: list[Case] = []


@dataclass(frozen=True)
class Case:
    """A scenario whose answer is the code with which this rule refuses its last call."""

    rule: str
    code: str
    scenario: Scenario
    surroundings: Mapping[str, Any]

    def play(self, path: Path | None = None) -> tuple[Azure, str]:
        azure = new_azure(path, **self.surroundings)
        return azure, self.scenario(azure)


def bites(rule: str, code: str, **surroundings: Any) -> Callable[[Scenario], Scenario]:
    """The scenario is what the rule refuses, with this code."""

    def register(scenario: Scenario) -> Scenario:
        CASES.append(Case(rule, code, scenario, surroundings))
        return scenario

    return register


def new_azure(path: Path | None = None, **surroundings: Any) -> Azure:
    usual = {
        "taken_names": {"Microsoft.KeyVault/vaults": ["kv-taken"]},
        "vcpu_quota": {"East US 2": 8},
        "deployer_has_data_rights": True,
    }
    return Azure(path, **{**usual, **surroundings})


def while_writing(azure: Azure, part: str, call: Callable[[], Any]) -> Callable[[], str]:
    """Order a call for the time of that write; the result is what it was answered."""
    answers: list[str] = []
    azure.at_the_same_time.append((part, lambda: answers.append(refusal(call))))
    return lambda: answers[0]


def leave_running(azure: Azure, name: str, *, update: bool = False) -> None:
    """Write a sample whose connection is cut while Azure goes on."""
    azure.order(name, "update" if update else "create", "cut-while-running")
    refusal(azure.put, name, update=update)
