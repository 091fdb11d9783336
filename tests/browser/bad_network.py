"""A network as it is in the street: between the browser and the server, it can be off, slow, or cut amid a request."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
import time

_PIECE = 16_384


class BadNetwork:
    """Passes connections on to a server, as its mode says: ``on``, ``off``, ``slow`` or ``cut``."""

    def __init__(self, target_port: int, seed: int) -> None:
        self.mode = "on"
        self._target = ("127.0.0.1", target_port)
        self._chance = random.Random(seed)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def turn(self, mode: str) -> None:
        """Change the mode; connections that are open when it goes off are cut."""
        self.mode = mode
        if mode == "off":
            with self._guard:
                for one in self._open:
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop passing anything on."""
        self.turn("off")
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.mode == "off":
                near.close()
                continue
            threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _pass_on(self, near: socket.socket) -> None:
        # in the mode "cut" a connection dies after so many bytes, in whichever direction they went
        left = self._chance.randrange(200, 60_000) if self.mode == "cut" else -1
        with contextlib.suppress(OSError), near, socket.create_connection(self._target) as far:
            with self._guard:
                self._open |= {near, far}
            try:
                self._pump(near, far, left)
            finally:
                with self._guard:
                    self._open -= {near, far}

    def _pump(self, near: socket.socket, far: socket.socket, left: int) -> None:
        chosen = selectors.DefaultSelector()
        chosen.register(near, selectors.EVENT_READ, far)
        chosen.register(far, selectors.EVENT_READ, near)
        while True:
            for key, _ in chosen.select():
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                piece = source.recv(_PIECE)
                if not piece:
                    return
                if self.mode == "slow":
                    time.sleep(len(piece) / 200_000)
                if left >= 0:
                    piece, left = piece[:left], left - len(piece)
                key.data.sendall(piece)
                if 0 > left > -_PIECE - 1 and left != -1:
                    return
