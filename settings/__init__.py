"""The settings of a stack: pure data, checked and resolved before any resource exists. Imports no Pulumi.

    settings = stack_file.load(folder, "dev", value)

`value` is that of `edge-stamps:settings`; `load(value)` does without a file, and so without lines. The way through the
package: `stack_file` (YAML) -> `parsing` (layers of `defaults` and the file, checked against `schema`) -> `rules` (over
several settings) -> `resolve` (`model.Settings`).
"""

from settings import stack_file
from settings.cluster_names import ClusterNames
from settings.errors import NOTHING, Problem, SettingsError
from settings.hosts import Network
from settings.lines import Lines
from settings.loading import load
from settings.model import Cluster, Link, Listener, Settings
from settings.schema import TENANT_KEYS

__all__ = [
    "NOTHING",
    "TENANT_KEYS",
    "Cluster",
    "ClusterNames",
    "Lines",
    "Link",
    "Listener",
    "Network",
    "Problem",
    "Settings",
    "SettingsError",
    "load",
    "stack_file",
]
