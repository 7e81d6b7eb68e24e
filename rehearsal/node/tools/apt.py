"""apt-get and apt-mark, as far as the packages azure-cli and azcmagent go.

apt-get(8), sources.list(5) ("deb822-style format"), apt-secure(8); Debian/apt, apt-private/private-cmndline.cc and
apt-pkg/acquire-item.cc (texts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.disk import NodeFile
from rehearsal.node.machine import Machine
from rehearsal.node.tools import pip
from rehearsal.node.tools.durations import find_duration
from rehearsal.node.tools.flags import Line, Table, Words, read_line
from rehearsal.node.tools.host import is_booting
from rehearsal.node.tools.outbound import choose_proxy, gets_out
from rehearsal.node.tools.refusal import RefusalError, answering
from rules.facts.node import ARC_AGENT_VERSION, AZURE_CLI_VERSION, MICROSOFT_KEY

_ARCHIVE = "http://azure.archive.ubuntu.com/ubuntu"
"""Of the image's own sources."""
_PROXY = re.compile(r'Acquire::(https?)::Proxy "([^"]*)";')
SUITES = ("bionic", "focal", "jammy", "noble", "bullseye", "bookworm")
"""Of the repository; packages of another suite than the node's have other versions."""
REPOSITORY = "https://packages.microsoft.com/repos/azure-cli"
_AGENTS = "https://packages.microsoft.com/ubuntu/24.04/prod"
_PACKAGES = {REPOSITORY: "azure-cli", _AGENTS: "azcmagent"}
NEWEST = "2.99.0"
"""Whatever is newest on the day: never what is pinned, as the next release may come any day."""
VERSIONS = frozenset({AZURE_CLI_VERSION.value, *(f"2.{minor}.0" for minor in range(60, 89))})
"""Versions in the repository without the part of the distribution; one a month, not read from a list."""
UPGRADE_SECONDS = 240
"""How long unattended-upgrades has the lock of dpkg after the first script has begun. The model's own guess."""
_NOT_UNDERSTOOD = "is not understood in combination with the other options"
_WORDS = Words(  # Debian/apt, apt-pkg/contrib/cmndline.cc
    unknown=f"E: Command line option {{option}} {_NOT_UNDERSTOOD}",
    no_value="E: Option {option} requires an argument.",
    surplus_value=f"E: Command line option {{option}} {_NOT_UNDERSTOOD}",
    code=100,
    unknown_letter=f"E: Command line option '{{letter}}' [from {{option}}] {_NOT_UNDERSTOOD}.",
)
_APT_GET = Table("apt-get", _WORDS).with_flags(
    "--quiet -q", "--yes -y --assume-yes", "--option -o VALUE", "--no-install-recommends", "--allow-downgrades",
    "--allow-change-held-packages", "--allow-unauthenticated ~", "--reinstall", "--only-upgrade ~", "--fix-broken -f ~",
    "--simulate -s ~", "--no-upgrade ~", "--target-release -t VALUE ~", "--config-file -c VALUE ~",
    "--download-only -d ~",
)  # fmt: skip
_CONFIGURATION = frozenset({"apt::update::error-mode", "dpkg::lock::timeout"})
"""Names that --option sets, in any case (apt.conf(5)); others may switch off what apt checks."""
_APT_MARK = Table("apt-mark", _WORDS).with_flags("--quiet -q", "--option -o VALUE ~", "--file -f VALUE ~")


@answering
def apt_get(call: ToolCall, machine: Machine) -> str | Reply:
    """Answer `apt-get update` and `apt-get install`."""
    line = read_line(_APT_GET, call.arguments)
    for option in line.values.get("--option", ()):
        if not re.fullmatch(r"[A-Za-z0-9:-]+=.*", option):
            raise RefusalError(100, f"E: Option {option}: Configuration item specification must have an =<val>.")
        if option.partition("=")[0].lower() not in _CONFIGURATION:
            raise ValueError(f"apt-get: the model does not know --option {option}; extend apt.py")
    if not line.words:
        raise RefusalError(1, "", "apt 2.8.3 (amd64)\nUsage: apt-get [options] command\n")
    command, *packages = line.words
    if command == "update":
        return _update(call, machine)
    if command == "install":
        _require_way_out(call, machine, REPOSITORY)
        took = _wait_for_dpkg(line, call, machine)
        return Reply(stdout=_install(line, packages, machine), took=took)
    if command in ("upgrade", "remove", "purge", "autoremove", "clean", "dist-upgrade", "download", "source"):
        raise ValueError(f"apt-get {command}: the model does not answer it; extend apt.py")
    raise RefusalError(100, f"E: Invalid operation {command}", is_unknown=True)


def gets_out_by_itself(machine: Machine) -> bool:
    """Return whether apt's own timers reach its archives, which have no script's environment."""
    return not _find_shut_in(machine, {}, (_ARCHIVE, REPOSITORY))


def _find_shut_in(machine: Machine, environment: Mapping[str, str], urls: Sequence[str]) -> list[str]:
    """Return the archives that apt does not reach, by Acquire::http::Proxy and ::https::, else by its environment."""
    configured = dict(_read_proxies(machine))
    proxies = {url: configured.get(urlsplit(url).scheme) for url in urls}
    chosen = {url: proxy or choose_proxy(url, environment, small_only=True) for url, proxy in proxies.items()}
    return [url for url, proxy in chosen.items() if not gets_out(machine, url, proxy)]


def _require_way_out(call: ToolCall, machine: Machine, *urls: str) -> None:
    for url in _find_shut_in(machine, call.environment, urls):
        host = urlsplit(url).hostname
        raise RefusalError(100, f"E: Failed to fetch {url}/InRelease  Could not connect to {host}, timed out")


def _read_proxies(machine: Machine) -> Iterator[tuple[str, str]]:
    for file in machine.files("etc/apt/apt.conf.d", "*-edge-stamps-*"):
        for row in file.read_text().splitlines():
            found = _PROXY.fullmatch(row)
            if not found:
                raise ValueError(f"apt: the model does not know {row!r} of {file.name}; extend apt.py")
            yield found[1], found[2]


def _update(call: ToolCall, machine: Machine) -> str:
    if is_booting(call, machine):
        machine.facts.setdefault("conflicts", []).append("apt-get update while cloud-init held the package lists")
        raise RefusalError(
            100,
            "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1013 (apt-get)\n"
            "E: Unable to lock directory /var/lib/apt/lists/",
        )
    _require_way_out(call, machine, _ARCHIVE, REPOSITORY)
    lists: dict[str, Any] = {}
    for file in machine.files("etc/apt/sources.list.d", "*.sources"):
        for source in _read_sources(file):
            if package := _PACKAGES.get(source.get("uris", "").rstrip("/")):
                lists[package] = _fetch(source, machine)
            elif source:
                host = re.sub(r"^\w+://([^/]*).*", r"\1", source.get("uris", ""))
                raise RefusalError(100, f"E: Failed to fetch {source.get('uris')}  Could not resolve '{host}'")
    machine.facts["apt_lists"] = lists
    return ""


def _read_sources(file: NodeFile) -> list[dict[str, str]]:
    """Read a deb822 file: stanzas, apart by empty lines, of `Field: value`."""
    stanzas = []
    for text in re.split(r"\n\s*\n", file.read_text()):
        fields: dict[str, str] = {}
        for row in text.splitlines():
            if row.strip() and not row.startswith(("#", " ", "\t")):
                name, colon, value = row.partition(":")
                if not colon:
                    raise RefusalError(100, f"E: Malformed stanza 1 in source list {file} (type)")
                fields[name.strip().lower()] = value.strip()
        if fields:
            stanzas.append(fields)
    return stanzas


def _fetch(source: dict[str, str], machine: Machine) -> dict[str, Any]:
    for field in ("types", "uris", "suites"):
        if not source.get(field):
            raise RefusalError(100, f"E: Malformed entry 1 in sources file ({field.capitalize()})")
    release = f"{source['uris'].rstrip('/')} {source['suites']}"
    if source["suites"] not in (SUITES if source["uris"].rstrip("/") == REPOSITORY else ("noble",)):
        raise RefusalError(100, f"E: The repository '{release} Release' does not have a Release file.")
    signed_by, is_trusted = source.get("signed-by", ""), source.get("trusted", "no").lower() == "yes"
    key = machine.file(signed_by)
    has_key = bool(signed_by) and key.is_file() and _is_usable(key)
    if not has_key and not is_trusted:
        raise RefusalError(
            100,
            f"W: GPG error: {release} InRelease: The following signatures couldn't be verified because the public key"
            f" is not available: NO_PUBKEY {MICROSOFT_KEY.value[-16:]}\n"
            f"E: The repository '{release} InRelease' is not signed.",
        )
    serves = "main" in source.get("components", "").split() and (
        "amd64" in source.get("architectures", "amd64").split() and "deb" in source["types"].split()
    )
    return {
        "signed_by": signed_by if has_key else "",
        "source_trusted": is_trusted,
        "serves": serves,
        "suite": source["suites"],
    }


def _wait_for_dpkg(line: Line, call: ToolCall, machine: Machine) -> float:
    """Return the seconds for which unattended-upgrades holds dpkg's lock on: it begins after a first boot by itself.

    apt-get waits for DPkg::Lock::Timeout, by default not at all (Debian/apt, apt-pkg/deb/debsystem.cc, Lock).
    """
    began = call.elapsed - find_duration(call.tool, call.arguments)  # the lock comes before the work
    held = max(0.0, UPGRADE_SECONDS - began) if not machine.facts.get("upgraded") else 0.0
    options = dict(option.lower().partition("=")[::2] for option in line.values.get("--option", ()))
    patience = float(options.get("dpkg::lock::timeout", 0))
    if held > patience >= 0:
        text = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1717 (unattended-upgr)"
        lock = "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"
        raise RefusalError(100, f"{text}\n{lock}", took=patience)
    machine.facts["upgraded"] = True
    return held


def _is_usable(key: NodeFile) -> bool:
    """Return whether apt can check Microsoft's signature with a key file.

    apt-key(8): armored keys need the ending asc, binary ones gpg. sources.list(5), Signed-By: the user _apt reads it.
    """
    text = key.read_text(errors="replace")
    is_armored = "-----BEGIN PGP" in text
    return MICROSOFT_KEY.value in text and key.mode & 0o004 != 0 and key.name.endswith(".asc" if is_armored else ".gpg")


def _install(line: Line, packages: list[str], machine: Machine) -> str:
    if not packages:
        return ""
    for wanted in packages:
        name, _, version = wanted.partition("=")
        if name not in _PACKAGES.values():
            raise ValueError(f"apt-get install: the model does not know package {name}; extend apt.py")
        lists = (machine.facts.get("apt_lists") or {}).get(name) or {}
        if not lists.get("serves"):
            raise RefusalError(100, f"E: Unable to locate package {name}")
        versions, newest = _list_versions(name, lists["suite"])
        if version and version not in versions | {newest}:
            raise RefusalError(100, f"E: Version '{version}' for '{name}' was not found")
        if not (line.has("--yes") or len(line.values.get("--quiet", ())) > 1):  # -qq implies -y
            raise RefusalError(1, "", "Do you want to continue? [Y/n] Abort.\n")
        _put_package(line, name, version or newest, lists, machine)
    return ""


def _list_versions(name: str, suite: str) -> tuple[frozenset[str], str]:
    """Return the versions of a package that its repository has, and the newest beside them."""
    if name == _PACKAGES[_AGENTS]:
        return frozenset({ARC_AGENT_VERSION.value}), "1.99.09999.9999"
    return frozenset(f"{each}-1~{suite}" for each in VERSIONS), f"{NEWEST}-1~{suite}"


def _put_package(line: Line, name: str, version: str, lists: dict[str, Any], machine: Machine) -> None:
    installed = machine.facts.setdefault("packages", {}).get(name, {})
    if installed.get("held") and installed["version"] != version and not line.has("--allow-change-held-packages"):
        text = "E: Held packages were changed and -y was used without --allow-change-held-packages."
        raise RefusalError(100, text)
    if _order(version) < _order(installed.get("version", "0")) and not line.has("--allow-downgrades"):
        raise RefusalError(100, "E: Packages were downgraded and -y was used without --allow-downgrades.")
    machine.file(pip.PLACE).write_text(pip.make_python(), 0o755)
    machine.facts["packages"][name] = {
        "version": version,
        "held": bool(installed.get("held")),
        "signed_by": lists["signed_by"],
        "source_trusted": lists["source_trusted"],
    }


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("~")[0])]


@answering
def apt_mark(call: ToolCall, machine: Machine) -> str:
    """Answer `apt-mark hold` and `apt-mark unhold`."""
    line = read_line(_APT_MARK, call.arguments)
    command, *names = line.words or [""]
    if command not in ("hold", "unhold"):
        raise RefusalError(100, f"E: Invalid operation {command}", is_unknown=True)
    if not names:
        raise RefusalError(100, "E: No packages found")
    for name in names:
        package = machine.facts.get("packages", {}).get(name)
        if package is None:
            raise RefusalError(100, f"E: Unable to locate package {name}\nE: No packages found")
        package["held"] = command == "hold"
    return "".join(f"{name} {'set on hold' if command == 'hold' else 'was no longer held'}.\n" for name in names)
