"""What components leave to others: settings, names, addresses, waiting; and nothing is created inside apply."""

from __future__ import annotations

import pytest

from tests.components.program_checks import find_mistakes
from tests.conftest import PROGRAM


def test_no_component_does_what_is_not_its_business() -> None:
    files = (PROGRAM / "components").rglob("*.py")
    components = {str(file.relative_to(PROGRAM)): file.read_text(encoding="utf-8") for file in files}

    assert len(components) > 20
    assert find_mistakes(components) == []


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("region = pulumi.Config().require('region')", "reads Config"),
        ("import os\nos.environ['REGION']", "imports os"),
        ("from time import sleep\nsleep(60)", "imports time"),
        ("from ipaddress import IPv4Network", "imports ipaddress"),
        ("network.Subnet('subnet', address_prefix='10.1.1.0/24')", "has the address '10.1.1.0/24'"),
        ("keyvault.Vault('vault', vault_name=f'kv-{prefix}')", "composes vault_name"),
        ("keyvault.Vault('vault', vault_name='kv-' + prefix)", "composes vault_name"),
        ("Broker('broker', package, {'brokerName': pulumi.Output.concat(prefix, 'broker')})", "composes brokerName"),
        (
            "vault.id.apply(lambda found: keyvault.Secret('secret', vault_name=found))",
            "creates a resource inside apply",
        ),
        ("def make(found):\n    return keyvault.Secret('s')\nvault.id.apply(make)", "creates a resource inside apply"),
        (
            "class Own(PackageResource): ...\nvault.id.apply(lambda found: Own('own'))",
            "creates a resource inside apply",
        ),
        (
            "def make():\n    keyvault.Secret('secret')\ndef through(found):\n    make()\nvault.id.apply(through)",
            "creates a resource inside apply",
        ),
        ("vault.id.apply(lambda found: host.run('await-secrets', {}))", "creates a resource inside apply"),
    ],
)
def test_a_component_that_does_is_named_with_its_line(source: str, mistake: str) -> None:
    last_line = source.count("\n") + 1

    assert any(mistake in found for found in find_mistakes({"broken.py": source}))
    assert all(int(found.split(":")[1]) <= last_line for found in find_mistakes({"broken.py": source}))
