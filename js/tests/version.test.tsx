// @vitest-environment happy-dom

import { afterEach, describe, expect, it, vi } from "vitest";
import { mounted } from "./mounted";
import { until } from "./until";

vi.mock("../src/lib/version", () => ({ version: "0.0.9" }));

afterEach(() => document.body.replaceChildren());

describe("a kernel of another version", () => {
  it("is named in one sentence, and the page stays usable", async () => {
    const { model, host, close } = mounted();
    const status = () => host.querySelector<HTMLElement>(".aw-status");
    await until(() =>
      expect(status()?.textContent).toBe(
        "The kernel runs attnwidget 0.1.0, but this page is from 0.0.9. Reload the page.",
      ),
    );
    expect(status()?.dataset.kind).toBe("hint");
    model.set("layer", 2);
    const layers = () => (model.sent as { kind: string; layer?: number }[]).map(({ layer }) => layer);
    await until(() => expect(layers()).toContain(2));
    close();
  });
});
