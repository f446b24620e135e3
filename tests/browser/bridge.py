"""A web page without Jupyter around it, joined by WebSockets to real explorers that live in this process.

The Python side is a real ipywidgets widget with its comm replaced; the page's side is bare_page/host.js. Both speak the messages of
ipywidgets, so what is tested between them is what Jupyter would carry.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import comm
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import Widget, _remove_buffers
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, StaticFileHandler
from tornado.websocket import WebSocketHandler

import attnwidget

BARE_PAGE = Path(__file__).parent / "bare_page"
STATIC = Path(attnwidget.__file__).parent / "static"


class BridgedComm(BaseComm):
    """A comm that hands its messages to whoever listens; with nobody there they are lost, as in a kernel without a page."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.listeners: list[Any] = []
        super().__init__(*arguments, **options)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **_keys):  # noqa: ARG002
        if msg_type == "comm_msg":
            for listen in list(self.listeners):
                listen(data, buffers or [])


@contextmanager
def bridged_widgets() -> Iterator[None]:
    """Widgets made in this block talk through a BridgedComm."""
    with mock.patch.object(comm, "create_comm", BridgedComm):
        yield


class Bridge:
    """The web server, in a thread of its own: the page, the bundle, and one WebSocket for each explorer in a page."""

    def __init__(self) -> None:
        self.widgets: dict[str, Widget] = {}
        self.errors: list[BaseException] = []
        self.held: list[Any] | None = None
        self._loop = asyncio.new_event_loop()
        self._sockets = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{self._sockets[0].getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve, name="bridge", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        pages = Application(
            [
                (r"/", Start),
                (r"/bridge/(.*)", BridgeSocket, {"bridge": self}),
                (r"/bare_page/(.*)", FreshFile, {"path": str(BARE_PAGE)}),
                (r"/static/(.*)", FreshFile, {"path": str(STATIC)}),
            ],
            websocket_max_message_size=64 << 20,
        )
        HTTPServer(pages).add_sockets(self._sockets)
        self._loop.run_forever()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def reset(self) -> None:
        self.widgets.clear()
        self.errors.clear()
        self.held = None

    def on_the_loop(self, call: Any, *arguments: Any) -> None:
        """Send now, or keep the sending for release() while messages are held."""
        if self.held is None:
            self._loop.call_soon_threadsafe(call, *arguments)
        else:
            self.held.append((call, *arguments))

    def hold(self) -> None:
        """Keep back what Python sends from now on."""
        self.held = []

    def release(self, *, backwards: bool = False) -> int:
        """Send what was kept back, in order or the other way round, and say how many messages it was."""
        held, self.held = self.held or [], None
        for call in reversed(held) if backwards else held:
            self._loop.call_soon_threadsafe(*call)
        return len(held)


class Start(RequestHandler):
    def get(self) -> None:
        self.write((BARE_PAGE / "index.html").read_bytes())


class FreshFile(StaticFileHandler):
    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002
        self.set_header("Cache-Control", "no-store")


class BridgeSocket(WebSocketHandler):
    def initialize(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.awaited: dict[str, Any] = {}
        self.parts: list[bytes] = []
        self.handing_on = False

    def open(self, name: str) -> None:
        self.widget = self.bridge.widgets[name]
        state, _, buffers = _remove_buffers(self.widget.get_state())
        state = {key: value for key, value in state.items() if key not in {"_esm", "_css", "layout"}}
        self.transmit({"method": "open", "state": state}, buffers)
        self.widget.comm.listeners.append(self.listen)

    def on_close(self) -> None:
        if self.listen in self.widget.comm.listeners:
            self.widget.comm.listeners.remove(self.listen)

    def listen(self, data: dict[str, Any], buffers: list[bytes]) -> None:
        """Called by the explorer, on whichever thread it sends from."""
        if data["method"] == "echo_update" and self.handing_on:
            return  # as the manager of ipywidgets: a page never hears itself
        self.bridge.on_the_loop(self.transmit, data, [bytes(buffer) for buffer in buffers])

    def transmit(self, data: dict[str, Any], buffers: list[bytes]) -> None:
        if self.ws_connection is None:
            return
        self.write_message(json.dumps({**data, "buffers": len(buffers)}))
        for buffer in buffers:
            self.write_message(buffer, binary=True)

    def on_message(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.awaited, self.parts = json.loads(message), []
        else:
            self.parts.append(message)
        if len(self.parts) < self.awaited["buffers"]:
            return
        data = {key: value for key, value in self.awaited.items() if key != "buffers"}
        if data == {"method": "ping"}:
            self.bridge.on_the_loop(self.transmit, {"method": "pong"}, [])  # behind all that was sent before
            return
        self.handing_on = True
        try:
            self.widget._handle_msg({"content": {"data": data}, "buffers": [memoryview(part) for part in self.parts]})
        except Exception as error:  # noqa: BLE001  kept for the test to find
            self.bridge.errors.append(error)
        finally:
            self.handing_on = False
