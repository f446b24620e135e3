"""What a page said and asked for while a test ran."""

import re

LABS_OWN_ERRORS = re.compile(r"^Error: Canceled future for \w+ message")  # JupyterLab's, when a kernel ends under it
LOOPBACK = re.compile(r"^(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|^(data|blob|about|chrome-error):")


class PageLog:
    def __init__(self, page):
        self.lines = []
        self.errors = []
        self.requests = []
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _on_console(self, message):
        self.lines.append(f"[{message.type}] {message.text}")

    def _on_error(self, error):
        self.lines.append(f"[uncaught] {error}")
        if not LABS_OWN_ERRORS.match(str(error)):
            self.errors.append(str(error))

    def strangers(self):
        """Requests that left this machine."""
        return [url for url in self.requests if not LOOPBACK.match(url)]

    def check(self):
        assert self.strangers() == []
        assert self.errors == []

    def clear(self):
        for each in (self.lines, self.errors, self.requests):
            each.clear()
