"""What every plugin of the engine does alike: serve gRPC on a free port, print the port, end when the engine ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NoReturn

import grpc

MESSAGE_SIZE: Final = 400 * 1024 * 1024
"""The engine's own limit (bytes); gRPC's default of 4 MiB is below the size of a large chart's values."""

SIZES: Final = (("grpc.max_receive_message_length", MESSAGE_SIZE), ("grpc.max_send_message_length", MESSAGE_SIZE))

THREADS: Final = 256
"""Above any `--parallel` in use: a creation that waits must not keep a deletion from starting."""


def serve(add: Callable[[grpc.Server], None], at_end: Callable[[], None] = lambda: None) -> None:
    """Serve what `add` registers until the engine interrupts us or, as when it is killed, closes our standard input.

    `at_end` is called then. Operations under way are cut off where they are, as in a real provider.
    """

    def end() -> NoReturn:
        at_end()
        os._exit(0)

    def wait_for_engine() -> None:
        while sys.stdin.buffer.read(1):
            pass
        end()

    signal.signal(signal.SIGINT, lambda _number, _frame: end())
    server = grpc.server(ThreadPoolExecutor(THREADS), options=SIZES)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Thread(target=wait_for_engine, daemon=True).start()
    server.wait_for_termination()
