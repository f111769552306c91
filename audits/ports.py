"""Ports for servers that cannot choose one themselves."""

import random
import socket

_PORTS = range(20_000, 32_000)  # below those that Linux gives to clients, which could take the port first


def free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", random.choice(_PORTS)))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
