"""The real engine tells no private key while keys are renewed: neither in a diff, nor in its logs at their longest."""

from __future__ import annotations

import json
import re

import pytest

from tests.engine.conftest import Deployment

_MOST = 11
"""Verbosity at which Pulumi logs what it sends to providers (pulumi.com/docs/iac/operations/debugging)."""
_KEY = re.compile(r"BEGIN (?:EC )?PRIVATE KEY-----(?:\\+n|\n)([A-Za-z0-9+/=]{40,})")


@pytest.mark.only("pulumi", reason="the offline engine has neither diffs nor logs of its own")
def test_no_key_is_in_a_diff_or_in_verbose_logs(deployed: Deployment) -> None:
    settings = deployed.stack.settings
    settings["links"][0]["generation"] = 2
    deployed.stack.settings = settings
    with deployed.stack.opened() as stack:
        up = stack.up(diff=True, log_to_std_err=True, log_verbosity=_MOST, log_flow=True)
        exported = json.dumps(stack.export_stack().deployment)

    keys = set(_KEY.findall(exported))
    told = up.stdout + up.stderr
    assert len(keys) >= 7, "four authorities, the broker's leaf, the link's old and its new one"
    assert "[secret]" in told and "site-to-enterprise-client-leaf-key-g2" in told
    assert [key for key in keys if key in told] == []
    assert "PRIVATE KEY" not in told
