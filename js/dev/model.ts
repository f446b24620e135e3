import type { Request } from "../src/wire/types";
import type { FakeKernel } from "./fake";

type Listener = (...args: never[]) => void;

/** A model as anywidget hands it over, with a kernel thought up behind it. */
export class DemoModel {
  readonly listeners = new Map<string, Set<Listener>>();
  readonly sent: unknown[] = [];

  constructor(
    readonly kernel: FakeKernel | null,
    readonly state: Record<string, unknown>,
    readonly delay = 12,
  ) {}

  get(name: string): unknown {
    return this.state[name];
  }

  set(name: string, value: unknown): void {
    this.state[name] = value;
    this.fire(`change:${name}`, value);
  }

  save_changes(): void {}

  on(event: string, listener: Listener): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  fire(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])])
      (listener as (...args: unknown[]) => void)(...args);
  }

  send(content: unknown): void {
    this.sent.push(content);
    const request = content as Request & { id: string };
    // What is let go of is answered all the same, as an older kernel would.
    if (this.kernel === null || (request.kind as string) === "cancel") return;
    const { kernel } = this;
    setTimeout(() => {
      const { content, buffers } = kernel.answer(request);
      const views = buffers.map((buffer) => new DataView(buffer));
      this.fire("msg:custom", { status: "ok", ...content, id: request.id }, views);
    }, this.delay);
  }
}
