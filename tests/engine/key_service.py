"""A service that wraps the data key of a stack, in the place of the key vault that a real stack names.

A passphrase would do, and costs every call of the CLI a million rounds of hashing (pulumi/sdk, config/crypt.go).
"""

from __future__ import annotations

import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROVIDER = "hashivault://tests"
"""The only secrets provider of the CLI that talks to an address which one may choose, without a login."""
_PREFIX = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    """Two calls of Vault's transit engine (developer.hashicorp.com/vault/api-docs/secret/transit); it hides nothing."""

    def do_PUT(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/transit/encrypt/tests":
            data = {"ciphertext": _PREFIX + sent["plaintext"]}
        elif self.path == "/v1/transit/decrypt/tests":
            data = {"plaintext": sent["ciphertext"].removeprefix(_PREFIX)}
        else:
            self.send_error(404)
            return
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@cache
def serve_keys() -> dict[str, str]:
    """Serve until the process ends; return the variables that lead the CLI there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_address[1]}", "VAULT_SERVER_TOKEN": "tests"}
