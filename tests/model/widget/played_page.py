"""A page played by a test: it sends requests as ipywidgets would deliver them, and keeps every answer."""

import time

from tests.unit.frames.frames_read import decode


class Page:
    def __init__(self, explorer, monkeypatch):
        self.explorer, self.answers, self._number = explorer, [], 0
        monkeypatch.setattr(explorer, "send", lambda content, buffers=None: self.answers.append((content, buffers)))

    def ask(self, kind, buffers=(), **fields):
        self._number += 1
        self.post({"id": str(self._number), "kind": kind, **fields}, buffers)
        return str(self._number)

    def post(self, content, buffers=()):
        self.explorer._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers})

    def sets(self, **state):
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.explorer._handle_msg({"content": {"data": data}, "buffers": []})

    def end_of(self, number):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for content, buffers in list(self.answers):
                if content["id"] == number and content["status"] not in {"progress", "partial"}:
                    return content, buffers
            time.sleep(0.002)
        raise AssertionError(f"no answer to {number}: {[content for content, _ in self.answers]}")

    def frame(self, **fields):
        content, buffers = self.end_of(self.ask("frame", **fields))
        assert content["status"] == "ok", content
        return decode(buffers[0])

    def about(self):
        return self.end_of(self.ask("about"))[0]["about"]["model"]
