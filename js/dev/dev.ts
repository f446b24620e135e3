import widget from "../src";
import { FakeKernel } from "./fake";
import { models } from "./fake-models";
import { DemoModel } from "./model";

// index.html?model=encoder&theme=dark&width=980&text=...&layer=4&head=7&query=10&direction=read_by
const wish = new URLSearchParams(location.search);
const theme = wish.get("theme");
if (theme !== null) document.body.dataset.jpThemeLight = String(theme !== "dark");
const kind = wish.get("model") ?? "encoder";
const description = models[kind];
if (description === undefined) throw new Error(`unknown model: ${kind}`);

const query = Number(wish.get("query") ?? 10);
const model = new DemoModel(new FakeKernel(description), {
  text:
    wish.get("text") ??
    "The capital of France is Paris. The river bank was quiet, so she walked to the bank for money.",
  layer: Number(wish.get("layer") ?? 1),
  head: Number(wish.get("head") ?? 2),
  query: [query, query + Number(wish.get("span") ?? 1)],
  direction: wish.get("direction") ?? "reads",
  part: "self",
  view: wish.get("view") ?? "matrix",
});

const host = document.createElement("div");
host.style.width = `${wish.get("width") ?? 980}px`;
document.body.append(host);
const { initialize, render } = widget();
const context = { model, signal: new AbortController().signal } as never;
Promise.resolve(initialize(context)).then(() => render({ ...(context as object), el: host } as never));
Object.assign(window, { demo: model });
