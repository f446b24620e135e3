import { describe, expect, it } from "vitest";
import { files, text } from "./files";

/** The rooms from the top down: each may import what stands below its own line, and nothing else. */
const floors: readonly (readonly string[])[] = [
  ["loader", "index", "page"],
  ["explorer"],
  ["export", "views", "charts", "readout"],
  ["surface"],
  ["heads", "matrix"],
  ["what-if"],
  ["controls"],
  ["display"],
  ["focus"],
  ["session", "source", "drawing"],
  ["wire", "edits"],
  ["lib"],
];

/** Rooms that show something: they know Preact and the DOM. */
const shown = floors.slice(0, 8).flat();

/** Files that only reckon, wherever they stand: numbers -> scene, picture, paint and words. */
const pure = /\/(?!use-)(?:[a-z]+-)?(?:scene|picture|paint|words)\.ts$/;

const sources = files("src").filter((name) => /\.tsx?$/.test(name));

function roomOf(name: string): string {
  const [, room = ""] = name.split("/");
  return room.replace(/\.tsx?$/, "");
}

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

/** A view's own folder; null for what all views share. */
function viewOf(name: string): string | null {
  const [, room, view, file] = name.split("/");
  return room === "views" && file !== undefined ? (view as string) : null;
}

interface Import {
  readonly target: string;
  /** Whether it is gone when the program runs. */
  readonly type: boolean;
}

function imports(name: string): Import[] {
  const found = text(name).matchAll(
    /^(?:import|export)(?: (type))?(?: (\{[^}]*\}|\* as \w+|\w+) from)? "([^"]+)";$/gm,
  );
  return [...found].map(([, type, names = "", target = ""]) => {
    const each = names.startsWith("{") ? names.slice(1, -1).split(",") : [names];
    const types = each.map((one) => one.trim()).filter((one) => one !== "");
    return {
      target,
      type: type !== undefined || (types.length > 0 && types.every((one) => one.startsWith("type "))),
    };
  });
}

/** The file that a relative import means. */
function fileOf(name: string, target: string): string {
  const path = new URL(target, `file:///${name}`).pathname.slice(1);
  const found = [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find((file) => sources.includes(file));
  if (found === undefined) throw new Error(`${name} imports ${target}, which is not there`);
  return found;
}

/** All that comes with a file when it runs. */
function reached(name: string, known = new Set<string>()): Set<string> {
  if (known.has(name)) return known;
  known.add(name);
  for (const each of imports(name).filter((each) => isOwn(each) && !each.type))
    reached(fileOf(name, each.target), known);
  return known;
}

const isOwn = ({ target }: Import) => target.startsWith(".") && !target.endsWith(".css");

function packagesOf(name: string): readonly string[] {
  const room = roomOf(name);
  if (floors[0]?.includes(room)) return ["@anywidget/types"];
  if (pure.test(name)) return [];
  if (shown.includes(room)) return ["preact", "preact/hooks", "@preact/signals"];
  return ["session", "focus"].includes(room) ? ["@preact/signals"] : [];
}

describe("rooms", () => {
  it("are all known", () => {
    for (const name of sources) expect(floorOf(roomOf(name)), name).toBeGreaterThanOrEqual(0);
  });

  it.each(sources)("%s imports only what its room may", (name) => {
    const room = roomOf(name);
    for (const each of imports(name)) {
      if (each.target.endsWith(".css")) continue;
      if (!isOwn(each)) {
        expect(packagesOf(name), `${name}: ${each.target}`).toContain(each.target);
        continue;
      }
      const other = roomOf(fileOf(name, each.target));
      if (other !== room) expect(floorOf(other), `${name}: ${each.target}`).toBeGreaterThan(floorOf(room));
    }
  });

  it("come to a notebook, to a saved page and into a notebook's file without what these do not need", () => {
    const [program, page, loader] = ["src/index.tsx", "src/page.tsx", "src/loader.ts"].map((name) => [
      ...reached(name),
    ]);
    expect(program?.length).toBeGreaterThan(100);
    expect(program?.filter((name) => name.includes("source/embedded"))).toEqual([]);
    expect(page?.filter((name) => name.includes("source/kernel"))).toEqual([]);
    expect(loader).toEqual(["src/loader.ts", "src/wire/problem.ts"]);
  });

  it("hold views that know nothing of each other", () => {
    for (const name of sources.filter((name) => viewOf(name) !== null)) {
      for (const { target } of imports(name).filter(isOwn))
        expect([viewOf(name), null], `${name}: ${target}`).toContain(viewOf(fileOf(name, target)));
    }
  });

  it("touch the DOM only where something is shown, and never where it is only reckoned", () => {
    const dom =
      /\b(document|window|navigator|HTMLElement|getComputedStyle|requestAnimationFrame|localStorage)\b(?!`)/;
    for (const name of sources.filter((name) => !shown.includes(roomOf(name)) || pure.test(name))) {
      const code = text(name).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      expect(code.match(dom)?.[0], name).toBeUndefined();
    }
  });

  it("never go round in circles", () => {
    const before = new Map<string, readonly string[]>();
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      expect(path.includes(name), [...path, name].join(" -> ")).toBe(false);
      if (done.has(name)) return;
      for (const next of before.get(name) ?? []) visit(next, [...path, name]);
      done.add(name);
    };
    for (const name of sources) {
      const values = imports(name).filter((each) => isOwn(each) && !each.type);
      before.set(
        name,
        values.map(({ target }) => fileOf(name, target)),
      );
    }
    for (const name of sources) visit(name, []);
  });

  it("have no more files in a folder than one looks through", () => {
    const counts = new Map<string, number>();
    for (const name of files("src")) {
      const folder = name.slice(0, name.lastIndexOf("/"));
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    for (const [folder, count] of counts) expect(count, folder).toBeLessThanOrEqual(17);
  });

  it("never write data as HTML, evaluate it, or reach for the network", () => {
    const forbidden =
      /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\(|new Function|https?:|\bfetch\(/;
    // The name of SVG looks like an address, and is none.
    const code = (name: string) => text(name).replaceAll("http://www.w3.org/2000/svg", "");
    for (const name of files("src")) expect(code(name).match(forbidden)?.[0], name).toBeUndefined();
  });
});
