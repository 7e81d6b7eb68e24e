"""Serve the providers to a real engine, in this process, on free loopback ports.

By hand: `python -m rehearsal.providers.serve` prints PULUMI_DEBUG_PROVIDERS and serves an Azure that is empty at
first, until SIGTERM or the end of its input.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from arm.shapes import tokens
from rehearsal.azure.world import Surroundings, World
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers import ResourceProvider
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.command import CommandProvider
from rehearsal.providers.random import RandomProvider
from rehearsal.providers.servicer import Servicer
from rehearsal.providers.tls import TlsProvider
from settings.stand_ins import STAND_INS

VARIABLE = "PULUMI_DEBUG_PROVIDERS"
_THREADS = 16
"""By provider; further calls wait."""
_GRACE_SECONDS = 2.0
# Message size as Pulumi's own servers; a port is nobody else's.
_OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024), ("grpc.so_reuseport", 0)]


def all_providers(azure: AzureProvider) -> dict[str, ResourceProvider]:
    """Return every plugin that the program uses."""
    return {
        "azure-native": azure,
        "tls": TlsProvider(),
        "random": RandomProvider(azure.holds),
        "command": CommandProvider(azure.world),
    }


@contextmanager
def serve(providers: Mapping[str, ResourceProvider]) -> Iterator[str]:
    """Serve these plugins; give the value of PULUMI_DEBUG_PROVIDERS, `name:port,…`."""
    with ExitStack() as stack:
        ports = {name: stack.enter_context(_serve_one(name, provider)) for name, provider in providers.items()}
        yield ",".join(f"{name}:{port}" for name, port in ports.items())


@contextmanager
def _serve_one(plugin: str, provider: ResourceProvider) -> Iterator[int]:
    """Serve one and give its port; calls in flight may finish when it ends."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix=plugin) as threads:
        server = grpc.server(threads, options=_OPTIONS)
        # The installed SDK's version: the engine warns about a plugin that is older than the program asks for.
        packages = {token.partition(":")[0] for token in tokens() if token.startswith(f"{plugin}_")}
        servicer = Servicer(plugin, version(f"pulumi-{plugin}"), provider, packages)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        port: int = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(_GRACE_SECONDS).wait()


def main() -> None:
    """Serve until SIGTERM, or until the input ends; what exists is forgotten then."""
    azure = AzureProvider(
        World(Surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"]), run_script=ScriptRunner())
    )
    with serve(all_providers(azure)) as value:
        sys.stdout.write(f"export {VARIABLE}={value}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
