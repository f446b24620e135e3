import { describe, expect, it } from "vitest";
import { files, text } from "./files";

/** room -> the rooms that it may import, besides itself and lib. DESIGN.md 3. */
const rules: Readonly<Record<string, readonly string[]>> = {
  index: ["parts", "state", "source"],
  parts: ["state", "layout", "paint", "source"],
  paint: ["layout"],
  layout: ["wire"],
  state: ["wire"],
  source: ["wire"],
  wire: [],
  lib: [],
};

const packages: Readonly<Record<string, readonly string[]>> = {
  index: ["@anywidget/types"],
  parts: ["preact", "preact/hooks", "@preact/signals"],
  state: ["@preact/signals"],
};

const sources = files("src").filter((name) => /\.tsx?$/.test(name));

function roomOf(name: string): string {
  const [, room = ""] = name.split("/");
  return room.startsWith("index.") ? "index" : room;
}

function imports(name: string): string[] {
  return [...text(name).matchAll(/(?:from|import)\s+"([^"]+)"/g)].map(([, target = ""]) => target);
}

describe("rooms", () => {
  it("are all known", () => {
    for (const name of sources) expect(Object.keys(rules), name).toContain(roomOf(name));
  });

  it.each(sources)("%s imports only what its room may", (name) => {
    const room = roomOf(name);
    for (const target of imports(name)) {
      if (!target.startsWith(".")) {
        expect(packages[room] ?? [], `${name}: ${target}`).toContain(target);
        continue;
      }
      const path = new URL(target, `file:///${name}`).pathname.slice(1);
      expect([room, "lib", ...(rules[room] ?? [])], `${name}: ${target}`).toContain(roomOf(path));
    }
  });

  it("touch the DOM in parts and index only", () => {
    const dom =
      /\b(document|window|navigator|HTMLElement|getComputedStyle|requestAnimationFrame|localStorage)\b(?!`)/;
    for (const name of sources.filter((name) => !["parts", "index"].includes(roomOf(name)))) {
      const code = text(name).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      expect(code.match(dom)?.[0], name).toBeUndefined();
    }
  });

  it("never write data as HTML, evaluate it, or reach for the network", () => {
    const forbidden =
      /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\(|new Function|https?:|\bfetch\(/;
    // The name of SVG looks like an address, and is none.
    const code = (name: string) => text(name).replaceAll("http://www.w3.org/2000/svg", "");
    for (const name of files("src")) expect(code(name).match(forbidden)?.[0], name).toBeUndefined();
  });
});
