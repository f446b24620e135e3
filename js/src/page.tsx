import "./style/explorer.css";
import { mount } from "./explorer/mount";
import { Session } from "./session/session";
import { embeddedSource, localModel, readSaved } from "./source/embedded";

/** What attnwidget/export puts into a page, opened in an element of that page. */
export async function open(element: HTMLElement, data: string): Promise<void> {
  const saved = await readSaved(data);
  const life = new AbortController();
  const session = new Session(localModel(saved.header.traits), embeddedSource(saved), life.signal);
  mount(element, session, life.signal);
  session.start();
}

/** A saved page waits for this module, which it cannot import by name. */
const page = (globalThis as { [name: symbol]: unknown })[Symbol.for("attnwidget.page")];
if (typeof page === "function") page(open);
