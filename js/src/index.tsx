import "./style/explorer.css";
import type { AnyModel, Initialize, Render } from "@anywidget/types";
import { mount } from "./explorer/mount";
import { keepStill } from "./explorer/still";
import { stillPicture } from "./explorer/still-picture";
import { renewStored } from "./explorer/stored";
import { Session } from "./session/session";
import type { TraitModel } from "./session/traits";
import { type Channel, kernelSource } from "./source/kernel";

/** What the loader is given by the kernel. One model, any number of views: the session is the model's, so that two views do not supersede each other's requests. */
export default () => {
  let opened: ReturnType<typeof open> | undefined;

  const open = (model: AnyModel, abort: AbortSignal) => {
    const source = kernelSource(model as unknown as Channel, abort);
    const session = new Session(model as unknown as TraitModel, source, abort);
    const stands = keepStill(session, source.ask, abort, (still) => renewStored(model.widget_manager, still));
    return { session, stands };
  };

  const initialize: Initialize = ({ model }) => {
    const life = new AbortController();
    opened = open(model, life.signal);
    return () => {
      life.abort();
      opened = undefined;
    };
  };

  const render: Render = ({ model, el }) => {
    const life = new AbortController();
    // A host that does not initialize gets a session that lives and dies with its view.
    const { session, stands } = opened ?? open(model, life.signal);
    const root = document.createElement("div");
    el.append(root);
    const view = mount(root, session, life.signal);
    stands(root, (anyway) => stillPicture(view, anyway), life.signal);
    session.start();
    return () => {
      life.abort();
      root.remove();
    };
  };

  return { initialize, render };
};
