"""Command lines that kubectl takes, and what it prints: those that the model answers, and those it only knows.

Flags: kubernetes/kubectl, pkg/cmd/{get,create,wait,delete,apply} and pkg/cmd/util/helpers.go at dee3483a (July 2026);
k8s.io/cli-runtime, pkg/genericclioptions/config_flags.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.node.tools import kubectl_logs
from rehearsal.node.tools.flags import PFLAG, Table

_GLOBAL = (
    "--kubeconfig VALUE", "--context VALUE", "--cluster VALUE ~", "--user VALUE ~", "--namespace -n VALUE",
    "--server -s VALUE ~", "--token VALUE ~", "--as VALUE ~", "--as-group VALUE ~", "--as-uid VALUE ~",
    "--insecure-skip-tls-verify ~", "--certificate-authority VALUE ~", "--client-certificate VALUE ~",
    "--client-key VALUE ~", "--tls-server-name VALUE ~", "--request-timeout VALUE", "--cache-dir VALUE",
    "--disable-compression", "--match-server-version", "-v --v VALUE",
    "--warnings-as-errors", "--profile VALUE", "--profile-output VALUE", "--help -h ~",
)  # fmt: skip
_PRINT = ("--output -o VALUE", "--template VALUE", "--allow-missing-template-keys", "--show-managed-fields")
_FILES = ("--filename -f VALUE ~", "--kustomize -k VALUE ~", "--recursive -R")
_SELECT = ("--selector -l VALUE", "--field-selector VALUE ~", "--all-namespaces -A")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "get": (
        *_PRINT, *_FILES, *_SELECT, "--raw VALUE", "--watch -w ~", "--watch-only ~", "--output-watch-events ~",
        "--ignore-not-found", "--chunk-size VALUE", "--label-columns -L VALUE", "--no-headers", "--show-kind",
        "--show-labels", "--sort-by VALUE ~", "--server-print", "--subresource VALUE ~",
    ),
    "create": ("--filename -f VALUE", "--output -o VALUE", "--audience VALUE", "--duration VALUE"),
    "wait": (*_PRINT, *_FILES, *_SELECT, "--all", "--local ~", "--for VALUE", "--timeout VALUE"),
    "delete": (
        *_FILES, *_SELECT, "--all", "--force", "--cascade OPTIONAL", "--dry-run OPTIONAL", "--now",
        "--grace-period VALUE", "--timeout VALUE", "--ignore-not-found", "--wait", "--output -o VALUE", "--raw VALUE ~",
        "--interactive -i ~",
    ),
    "apply": (
        *_PRINT, "--filename -f VALUE", "--recursive -R", "--kustomize -k VALUE ~", "--selector -l VALUE ~",
        "--server-side", "--force-conflicts", "--field-manager VALUE", "--dry-run OPTIONAL", "--validate OPTIONAL ~",
        "--overwrite", "--openapi-patch", "--prune ~", "--prune-allowlist VALUE ~", "--applyset VALUE ~", "--all ~",
        "--force ~", "--cascade OPTIONAL", "--grace-period VALUE", "--timeout VALUE", "--wait", "--subresource VALUE ~",
    ),
    "config": ("--raw", "--flatten", "--minify"),
    "logs": kubectl_logs.FLAGS,
}  # fmt: skip
TABLE = Table("kubectl", PFLAG).with_flags(*_GLOBAL)
UNMODELLED = ("annotate", "label", "patch", "describe", "rollout", "version", "exec",
               "edit", "replace", "api-resources", "auth", "cluster-info", "events", "top")  # fmt: skip
FORMATS = (
    "custom-columns, custom-columns-file, go-template, go-template-file, json, jsonpath, jsonpath-as-json,"
    " jsonpath-file, kyaml, name, template, templatefile, wide, yaml"
)
