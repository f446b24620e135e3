import "./style/explorer.css";
import type { AnyModel, Initialize, Render } from "@anywidget/types";
import { mount } from "./explorer/mount";
import { Session } from "./session/session";
import type { TraitModel } from "./session/traits";
import { type Channel, kernelSource } from "./source/kernel";

/** What the loader is given by the kernel. One model, any number of views: the session is the model's, so that two views do not supersede each other's requests. */
export default () => {
  let session: Session | undefined;

  const open = (model: AnyModel, abort: AbortSignal): Session => {
    const source = kernelSource(model as unknown as Channel, abort);
    return new Session(model as unknown as TraitModel, source, abort);
  };

  const initialize: Initialize = ({ model }) => {
    const life = new AbortController();
    session = open(model, life.signal);
    return () => {
      life.abort();
      session = undefined;
    };
  };

  const render: Render = ({ model, el }) => {
    const life = new AbortController();
    // A host that does not initialize gets a session that lives and dies with its view.
    const own = session ?? open(model, life.signal);
    const root = document.createElement("div");
    el.append(root);
    mount(root, own, life.signal);
    own.start();
    return () => {
      life.abort();
      root.remove();
    };
  };

  return { initialize, render };
};
