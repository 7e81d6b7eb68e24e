"""Build what tests take for real and only Go's registry has: `python -m tools.build pulumi`.

Where any version does, a tool on PATH is used as it is. Else it is built once, into a cache outside the clone, and
linked into `.venv/tools`, where only tests look.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINKS = Path(sys.prefix) / "tools"


@dataclass(frozen=True)
class Tool:
    """A program that Go builds from the modules that `tools/<folder>/go.mod` and `go.sum` pin."""

    folder: str
    module: str
    """Its version is the tool's."""
    package: str
    version_variable: str = ""
    """What the linker sets to the version: without it the tool says none. Empty if its source has the version."""
    files: tuple[str, ...] = ()
    """Of the module, for beside the program."""
    any_version: bool = False
    """Whether one on PATH does as well, which has a version of its own."""

    @property
    def version(self) -> str:
        """Return the pinned version, `v1.2.3`."""
        text = (ROOT / "tools" / self.folder / "go.mod").read_text(encoding="utf-8")
        (version,) = re.findall(rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)", text, re.M)
        return str(version)


def _kubernetes(name: str) -> Tool:
    return Tool(
        folder="kubernetes/apiserver",
        module="k8s.io/kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        version_variable="k8s.io/component-base/version.gitVersion",
    )


TOOLS = {
    "pulumi": Tool(
        folder="pulumi",
        module="github.com/pulumi/pulumi/pkg/v3",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
        any_version=True,
    ),
    "etcd": Tool(folder="kubernetes/etcd", module="go.etcd.io/etcd/server/v3", package="go.etcd.io/etcd/server/v3"),
    "kube-apiserver": _kubernetes("kube-apiserver"),
    "kubectl": _kubernetes("kubectl"),
    "trust-manager": Tool(
        folder="kubernetes/trust-manager",
        module="github.com/cert-manager/trust-manager",
        package="github.com/cert-manager/trust-manager/cmd/trust-manager",
        files=("deploy/crds/trust.cert-manager.io_bundles.yaml",),
    ),
}


class NoGoError(Exception):
    """There is nothing to build with; the text says what to do."""


def provide(name: str, say: Callable[[str], None], links: Path = LINKS) -> Path:
    """Return where the tool is; build it if it is neither on PATH nor in the cache.

    Raises:
        NoGoError: it has to be built, and Go is missing.
        CalledProcessError: Go cannot build it.
    """
    tool = TOOLS[name]
    if tool.any_version and (found := shutil.which(name)):
        say(f"{name}: {found} is on PATH; nothing is built.")
        return Path(found)
    built = _cache() / f"{name}-{tool.version.removeprefix('v')}" / name
    if not built.exists():
        say(f"{name} {tool.version}: building it into {built.parent}, which takes minutes ...")
        _build(name, tool, built)
    links.mkdir(exist_ok=True)
    link = links / name
    link.unlink(missing_ok=True)
    link.symlink_to(built)
    say(f"{name} {tool.version}: {link} -> {built}")
    return link


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edge-stamps"


def _build(name: str, tool: Tool, target: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise NoGoError(
            f"{name} {tool.version} is neither on PATH nor built yet, and Go is missing to build it."
            f" Next: install Go (https://go.dev/doc/install) or {name} itself, then the same command again"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")  # one that is cut off is no tool
    folder = ROOT / "tools" / tool.folder
    version = f" -X {tool.version_variable}={tool.version}" if tool.version_variable else ""
    flags = ["-mod=readonly", "-trimpath", "-ldflags", f"-s -w{version}"]
    try:
        subprocess.run([go, "build", *flags, "-o", str(draft), tool.package], cwd=folder, check=True)  # noqa: S603 ours
        if tool.files:
            look = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", tool.module]
            found = subprocess.run(look, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
            for file in tool.files:
                shutil.copyfile(Path(found.stdout.strip()) / file, target.parent / Path(file).name)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="+", choices=sorted(TOOLS))
    for name in parser.parse_args(arguments).tools:
        try:
            provide(name, lambda line: print(line, flush=True))  # noqa: T201 the command's own output
        except NoGoError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"{name} could not be built: go ended with {error.returncode}, and says why above.\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
