/*
 * The smallest host of an anywidget: a model over a WebSocket, as many views of it as asked for, and nothing else.
 * It speaks the messages of ipywidgets (update, echo_update, custom), so that the Python side is the real one.
 */

import widget from "/static/loader.js";

class Model {
  #listeners = new Map();
  #changed = new Set();
  #state = {};
  #socket;
  #awaited = null;
  #pongs = [];

  static async connect(name) {
    const model = new Model();
    await model.#open(name);
    return model;
  }

  #open(name) {
    this.#socket = new WebSocket(`ws://${location.host}/bridge/${name}`);
    this.#socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      this.#socket.addEventListener("error", reject);
      this.#socket.addEventListener("message", ({ data }) => {
        const message = this.#complete(data);
        if (message === undefined) return;
        if (message.method === "open") {
          this.#state = message.state;
          resolve();
        } else {
          this.#receive(message);
        }
      });
    });
  }

  /* A message is one text frame that says how many binary frames follow it. */
  #complete(data) {
    if (typeof data === "string") {
      this.#awaited = { ...JSON.parse(data), views: [] };
    } else {
      this.#awaited.views.push(new DataView(data));
    }
    if (this.#awaited.views.length < this.#awaited.buffers) return undefined;
    const message = this.#awaited;
    this.#awaited = null;
    return message;
  }

  #receive(message) {
    if (message.method === "pong") {
      this.#pongs.shift()();
      return;
    }
    if (message.method === "custom") {
      this.#emit("msg:custom", message.content, message.views);
      return;
    }
    for (const [key, value] of Object.entries(message.state)) this.#assign(key, value);
  }

  #assign(key, value) {
    if (JSON.stringify(this.#state[key]) === JSON.stringify(value)) return false;
    this.#state[key] = value;
    this.#emit(`change:${key}`, this, value);
    this.#emit("change", this);
    return true;
  }

  #emit(event, ...values) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...values);
  }

  #transmit(data, buffers = []) {
    this.#socket.send(JSON.stringify({ ...data, buffers: buffers.length }));
    for (const buffer of buffers) this.#socket.send(buffer);
  }

  get(key) {
    return this.#state[key];
  }

  set(key, value) {
    if (this.#assign(key, value)) this.#changed.add(key);
  }

  save_changes() {
    if (this.#changed.size === 0) return;
    const state = Object.fromEntries([...this.#changed].map((key) => [key, this.#state[key]]));
    this.#changed.clear();
    this.#transmit({ method: "update", state, buffer_paths: [] });
  }

  send(content, _callbacks, buffers) {
    this.#transmit({ method: "custom", content }, buffers);
  }

  on(event, listener) {
    for (const name of event.split(/\s+/)) {
      if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
      this.#listeners.get(name).add(listener);
    }
  }

  off(event, listener) {
    if (event == null) this.#listeners.clear();
    else if (listener == null) this.#listeners.delete(event);
    else this.#listeners.get(event)?.delete(listener);
  }

  /* Once Python has handled all that was sent before, and what it sent meanwhile has come. */
  roundTrip() {
    return new Promise((resolve) => {
      this.#pongs.push(resolve);
      this.#transmit({ method: "ping" });
    });
  }

  close() {
    this.#socket.close();
    this.#listeners.clear();
  }

  get listenerCount() {
    return [...this.#listeners.values()].reduce((sum, listeners) => sum + listeners.size, 0);
  }

  widget_manager = { get_model: () => Promise.reject(new Error("this host has no other models")) };
}

/* Listeners on what outlives a view: the window, its viewport, the document and media queries. */
const listening = new Set();
const { addEventListener, removeEventListener } = EventTarget.prototype;
const identities = new WeakMap(); // of targets and listeners: the page that watches must not keep what it watches
let known = 0;
const nameOf = (target, type, listener) =>
  [target, type, listener].map((part) => (typeof part === "string" ? part : identity(part))).join(" ");
const identity = (thing) => {
  if (!identities.has(thing)) identities.set(thing, known++);
  return identities.get(thing);
};
EventTarget.prototype.addEventListener = function (type, listener, options) {
  const lasting = this === window || this === document || this === window.visualViewport || this instanceof MediaQueryList;
  if (lasting && listener && !options?.signal?.aborted) {
    const name = nameOf(this, type, listener);
    listening.add(name);
    options?.signal?.addEventListener("abort", () => listening.delete(name));
  }
  return addEventListener.call(this, type, listener, options);
};
EventTarget.prototype.removeEventListener = function (type, listener, options) {
  if (listener) listening.delete(nameOf(this, type, listener));
  return removeEventListener.call(this, type, listener, options);
};

const runtimes = new Map();
const views = new Map();
let shown = 0;

/* A model and its widget: anywidget asks for a definition of its own for every model. */
function runtime(name) {
  if (!runtimes.has(name)) runtimes.set(name, begin(name));
  return runtimes.get(name);
}

async function begin(name) {
  const model = await Model.connect(name);
  const definition = typeof widget === "function" ? await widget() : widget;
  const controller = new AbortController();
  const end = await definition.initialize?.({ model, signal: controller.signal });
  return { model, definition, controller, end };
}

async function model(name) {
  return (await runtime(name)).model;
}

/* Show one more view of an explorer, in a container of the given width, and return the container's id. */
async function show(name, width = "100%") {
  const el = document.createElement("section");
  el.id = `view-${shown++}`;
  el.style.width = width;
  document.querySelector("#views").append(el);
  const controller = new AbortController();
  views.set(el.id, { el, controller, cleanup: undefined });
  const { model, definition } = await runtime(name);
  const cleanup = await definition.render({ model, el, signal: controller.signal });
  views.get(el.id).cleanup = cleanup;
  return el.id;
}

/* Take a view away, the way anywidget does it: abort, clean up, remove. */
async function hide(id) {
  const { el, controller, cleanup } = views.get(id);
  controller.abort();
  await cleanup?.();
  el.remove();
  views.delete(id);
}

/* Once all that was on its way between the page and Python has come, has been painted, and what that sent has been handled. */
async function settle(name) {
  const { model } = await runtime(name);
  for (let times = 0; times < 2; times++) {
    await model.roundTrip();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }
  await model.roundTrip();
}

/* Keys that reach the page around the widget; a notebook would act on them. */
const escapedKeys = [];
document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("#views")) escapedKeys.push(event.key);
});

/* End every view and every model, and say whether the page is as it was when it had just come: the program stays on it. */
async function clear() {
  for (const id of [...views.keys()]) await hide(id);
  for (const { model, controller, end } of await Promise.all(runtimes.values())) {
    controller.abort();
    await end?.();
    model.close();
  }
  runtimes.clear();
  escapedKeys.length = 0;
  for (const storage of [localStorage, sessionStorage]) storage.clear();
  document.activeElement?.blur();
  getSelection().removeAllRanges();
  scrollTo(0, 0);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return looks() === atFirst;
}

/* What a test or a chart leaves on a page. */
const looks = () => {
  const bokeh = Object.getOwnPropertySymbols(window).filter(({ description }) => description.includes("bokeh"));
  return [document.documentElement.outerHTML, ...Object.keys(window), bokeh.length].join("\n");
};

window.bare = { clear, escapedKeys, hide, model, pageListeners: () => listening.size, settle, show };

const atFirst = looks();
