"""curl, gpg and sha256sum: what a node downloads, and how it checks that.

curl(1), "OPTIONS" and "EXIT CODES"; gnupg doc/DETAILS, "Format of the --with-colons listings"; coreutils, sha256sum.
"""

from __future__ import annotations

import hashlib
import re
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

from rehearsal.cluster import traces
from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools import k3s, k3s_agent
from rehearsal.node.tools.durations import DURATIONS
from rehearsal.node.tools.flags import GNU, Line, Table, Words, read_line
from rehearsal.node.tools.outbound import choose_proxy, gets_out
from rehearsal.node.tools.refusal import RefusalError, answering
from rules.facts.node import K3S_INSTALL_COMMIT, K3S_INSTALL_SHA256, MICROSOFT_KEY

INSTALLER_TOOL = "edge-stamps-k3s-installer"
_ARMOR = "-----{} PGP PUBLIC KEY BLOCK-----"
KEY_TEXT = f"{_ARMOR.format('BEGIN')}\nStand-in of the key {MICROSOFT_KEY.value}\n{_ARMOR.format('END')}\n"
_KEY_URL = "https://packages.microsoft.com/keys/microsoft.asc"
_INSTALLER_URL = re.compile(r"https://raw\.githubusercontent\.com/k3s-io/k3s/([^/]+)/install\.sh")
_RELEASE_URL = re.compile(r"https://github\.com/k3s-io/k3s/releases/download/([^/]+)/(k3s|sha256sum-amd64\.txt)")
_MANAGEMENT = "management.azure.com"
_NOT_FOUND_PAGE = "404: Not Found"
_CURL_HINT = "curl: try 'curl --help' or 'curl --manual' for more information"
_CURL_WORDS = Words(
    unknown=f"curl: option {{option}}: is unknown\n{_CURL_HINT}",
    no_value=f"curl: option {{option}}: requires parameter\n{_CURL_HINT}",
    surplus_value=f"curl: option {{option}}={{value}}: is unknown\n{_CURL_HINT}",
    code=2,
)
_CURL = Table("curl", _CURL_WORDS).with_flags(
    "--fail -f", "--silent -s", "--show-error -S", "--location -L", "--proto VALUE", "--proto-redir VALUE", "--tlsv1.2",
    "--tlsv1.3", "--retry VALUE", "--retry-all-errors", "--retry-connrefused", "--retry-delay VALUE",
    "--retry-max-time VALUE", "--max-time -m VALUE", "--connect-timeout VALUE", "--output -o VALUE",
    "--remote-name -O ~", "--insecure -k", "--header -H VALUE", "--user-agent -A VALUE", "--cacert VALUE ~",
    "--write-out -w VALUE ~", "--fail-with-body", "--compressed", "--http1.1", "--ipv4 -4", "--create-dirs",
    "--request -X VALUE ~", "--head -I", "--suppress-connect-headers",
    "--proxy -x VALUE ~", "--preproxy VALUE ~", "--resolve VALUE ~", "--connect-to VALUE ~", "--config -K VALUE ~",
)  # fmt: skip
_GPG_WORDS = Words(
    unknown='gpg: invalid option "{option}"',
    no_value='gpg: missing argument for option "{option}"',
    surplus_value='gpg: option "{option}" does not expect an argument',
    code=2,
)
_GPG = Table("gpg", _GPG_WORDS).with_flags(
    "--homedir VALUE", "--batch", "--with-colons", "--show-keys", "--no-tty", "--quiet -q", "--dearmor",
    "--with-fingerprint", "--output -o VALUE", "--yes", "--import", "--no-default-keyring", "--keyring VALUE",
)  # fmt: skip
_SHA256SUM = Table("sha256sum", GNU).with_flags("--check -c", "--binary -b", "--text -t", "--quiet", "--status")


@answering
def curl(call: ToolCall, machine: Machine) -> str:
    """Answer `curl` for one address."""
    line = read_line(_CURL, call.arguments)
    if not line.words:
        raise RefusalError(2, f"curl: (2) no URL specified\n{_CURL_HINT}")
    urls = [word if "://" in word else f"http://{word}" for word in line.words]
    call.traces.extend((traces.URLS, one) for one in urls)
    if len(urls) > 1:
        raise ValueError("curl: the model answers one URL at a time; extend downloads.py")
    url = urls[0]
    proxy = choose_proxy(url, call.environment)
    _connect(url, line, is_reached=gets_out(machine, url, proxy))
    if urlsplit(url).port == k3s_agent.PORT:
        return _ask_server(url, line, machine)
    if not line.has("--head"):
        return _download(url, line, call, machine)
    told = "" if not proxy or line.has("--suppress-connect-headers") else _tell_connected(call.now)
    return told + _answer_head(url, line, call.now)


def _ask_server(url: str, line: Line, machine: Machine) -> str:
    """Answer as a K3s server that is asked without a token; only its own CA has signed its certificate."""
    host = str(urlsplit(url).hostname)
    if machine.azure.find_server(host) is None:
        raise _fail(line, 7, f"Failed to connect to {host} port {k3s_agent.PORT}: Connection refused")
    if not line.has("--insecure"):
        raise _fail(line, 60, "SSL certificate problem: unable to get local issuer certificate")
    if urlsplit(url).path != "/ping":  # k3s-io/k3s, pkg/server/router.go
        raise _fail(line, 22, "The requested URL returned error: 401")
    return "pong"


def _tell_connected(now: float) -> str:
    """Return what a proxy says before the answer; its clock is a day ahead."""
    return f"HTTP/1.1 200 Connection established\r\nDate: {formatdate(now + 86_400, usegmt=True)}\r\n\r\n"


def _connect(url: str, line: Line, *, is_reached: bool) -> None:
    """Refuse what curl does not connect to, or not in time."""
    protocols = line.last("--proto")
    scheme = urlsplit(url).scheme
    if protocols.startswith("=") and scheme not in protocols[1:].split(","):
        raise _fail(line, 1, f'Protocol "{scheme}" disabled')
    if scheme != "https":
        raise _fail(line, 7, f"Failed to connect to {urlsplit(url).hostname} port 80: the model serves HTTPS only")
    if not is_reached:
        raise _fail(line, 28, f"Failed to connect to {urlsplit(url).hostname} port 443: Connection timed out")
    patience = line.last("--max-time", "inf")
    if float(patience) < DURATIONS["curl",]:
        raise _fail(line, 28, f"Operation timed out after {patience}000 milliseconds with 0 bytes received")


def _download(url: str, line: Line, call: ToolCall, machine: Machine) -> str:
    content = _serve(url, line)
    brought = {"url": url, "verified_tls": not line.has("--insecure"), "failed_on_error": line.has("--fail")}
    machine.facts.setdefault("downloads", {})[url] = brought
    if not line.has("--output"):
        return content
    wanted = call.directory / line.last("--output")
    file = machine.path(wanted)
    if not machine.path(wanted.parent).is_dir():
        raise _fail(line, 23, "Failure writing output to destination")
    file.write_text(content)
    return ""


def _answer_head(url: str, line: Line, now: float) -> str:
    """Answer as Azure Resource Manager does where nobody has logged in; its clock is the node's."""
    if urlsplit(url).hostname != _MANAGEMENT:
        raise _fail(line, 6, f"Could not resolve host: {urlsplit(url).hostname}")
    return f"HTTP/2 401 \r\ndate: {formatdate(now, usegmt=True)}\r\n\r\n"


def _serve(url: str, line: Line) -> str:
    host = urlsplit(url).hostname
    if host not in ("packages.microsoft.com", "raw.githubusercontent.com", "github.com"):
        raise _fail(line, 6, f"Could not resolve host: {host}")
    if url == _KEY_URL:
        return KEY_TEXT
    found = _INSTALLER_URL.fullmatch(url)
    if found and found[1] in (K3S_INSTALL_COMMIT.value, "master", "main"):
        return make_installer(found[1])
    if (asset := _RELEASE_URL.fullmatch(url)) and asset[1] in k3s.VERSIONS:
        binary = k3s.make_binary(asset[1])
        return binary if asset[2] == "k3s" else f"{_sum(binary.encode())}  k3s\n"
    if line.has("--fail"):
        raise _fail(line, 22, "The requested URL returned error: 404")
    return _NOT_FOUND_PAGE


def make_installer(reference: str) -> str:
    """Return the text that stands for install.sh of k3s-io/k3s at a commit or branch."""
    return f'#!/bin/sh\n# Stand-in of k3s-io/k3s install.sh at {reference}\nexec {INSTALLER_TOOL} {reference} "$@"\n'


def _fail(line: Line, code: int, text: str) -> RefusalError:
    is_told = not line.has("--silent") or line.has("--show-error")
    return RefusalError(code, f"curl: ({code}) {text}" if is_told else "")


@answering
def gpg(call: ToolCall, machine: Machine) -> str:
    """Answer `gpg --show-keys`."""
    line = read_line(_GPG, call.arguments)
    if not line.has("--show-keys"):
        raise ValueError("gpg: the model answers --show-keys only; extend downloads.py")
    home = line.last("--homedir")
    above = Path(home) if home else Path(call.environment.get("HOME") or "/")  # gpg makes .gnupg below HOME itself
    if not machine.path(str(above)).is_dir():
        missing = home or f"{above}/.gnupg"
        raise RefusalError(2, f"gpg: Fatal: can't create directory '{missing}': No such file or directory")
    text = _read_file("gpg", line.words[0], machine) if line.words else call.stdin.decode(errors="replace")
    fingerprints = re.findall(r"^Stand-in of the key ([0-9A-F]{40})$", text, re.M)
    if not fingerprints:
        raise RefusalError(2, "gpg: no valid OpenPGP data found.")
    if not line.has("--with-colons"):
        return "".join(f"pub   rsa2048 2015-10-28 [SC]\n      {each}\n" for each in fingerprints)
    return "".join(
        f"pub:-:2048:1:{each[-16:]}:1446074508:::-:::scSC::::::23::0:\nfpr:::::::::{each}:\n"
        "uid:-::::1446074508::0::Microsoft (Release signing) <gpgsecurity@microsoft.com>::::::::::0:\n"
        for each in fingerprints
    )


def _read_file(tool: str, name: str, machine: Machine) -> str:
    file = machine.path(name)
    if not file.is_file():
        raise RefusalError(2, f"{tool}: can't open '{name}': No such file or directory")
    return file.read_text(errors="replace")


@answering
def sha256sum(call: ToolCall, machine: Machine) -> str:
    """Answer `sha256sum`: of the installer's stand-in, the published sum of what it stands for."""
    line = read_line(_SHA256SUM, call.arguments)
    if line.has("--check"):
        raise ValueError("sha256sum --check: the model does not answer it; extend downloads.py")
    if not line.words or line.words == ["-"]:
        return f"{_sum(call.stdin)}  -\n"
    lines: list[str] = []
    for name in line.words:
        file = machine.path(name)
        if not file.is_file():
            raise RefusalError(1, f"sha256sum: {name}: No such file or directory", "".join(lines))
        lines.append(f"{_sum(file.read_bytes())}  {name}\n")
    return "".join(lines)


def _sum(content: bytes) -> str:
    if content == make_installer(K3S_INSTALL_COMMIT.value).encode():
        return K3S_INSTALL_SHA256.value
    published = {k3s.make_binary(version).encode(): known for version, known in k3s.PUBLISHED_SUMS.items()}
    return published.get(content) or hashlib.sha256(content).hexdigest()
