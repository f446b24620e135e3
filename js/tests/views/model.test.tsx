// @vitest-environment happy-dom

import { expect, it } from "vitest";
import { mounted } from "../mounted";
import { until } from "../until";

it("the Model view says what the colours of effects are, as long as the grid shows them", async () => {
  const { host, close } = mounted({ view: "model" });
  const caption = () => host.querySelector(".aw-all-heads .aw-caption")?.textContent ?? "";
  await until(() => expect(caption()).toContain("softmax weights of every head"));
  const press = (shade: string) =>
    host.querySelector<HTMLButtonElement>(`.aw-all-heads .aw-shades [data-value="${shade}"]`)?.click();
  press("effect");
  await until(() => expect(caption()).toContain("silencing hurts the answer"));
  expect(caption()).toMatch(/^fall of the answer, thought up · estimate by gradient, rank agreement with 12/);
  expect(caption()).toMatch(/helps −[\d.]+\+[\d.]+ nats hurts$/);
  expect(caption()).not.toContain("softmax");
  press("maps");
  await until(() => expect(caption()).toContain("softmax weights of every head"));
  expect(caption()).not.toContain("hurts");
  close();
});
