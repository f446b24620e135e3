import { describe, expect, it } from "vitest";
import { files, text } from "./files";

/** room -> the rooms that it may import, besides itself and lib. Rooms of a page without preact come last. */
const rules: Readonly<Record<string, readonly string[]>> = {
  index: ["explorer", "session", "source"],
  explorer: [
    "export",
    "views",
    "charts",
    "readout",
    "surface",
    "heads",
    "controls",
    "display",
    "focus",
    "session",
    "wire",
  ],
  export: ["controls", "display", "focus", "session", "drawing", "wire"],
  views: ["heads", "controls", "display", "focus", "session", "drawing", "wire"],
  charts: ["display", "session", "wire"],
  readout: ["controls", "display", "focus", "session", "wire"],
  surface: ["controls", "display", "focus", "session", "drawing", "wire"],
  heads: ["views", "controls", "display", "focus", "session", "drawing", "wire"],
  controls: ["display", "focus", "session", "drawing", "wire"],
  display: ["focus", "session", "drawing", "wire"],
  focus: ["heads", "views", "session", "wire"],
  session: ["heads", "views", "focus", "wire"],
  source: ["wire"],
  drawing: ["wire"],
  wire: [],
  lib: [],
};

/** Rooms that show something: they know Preact and the DOM. */
const shown = [
  "index",
  "explorer",
  "export",
  "views",
  "charts",
  "readout",
  "surface",
  "heads",
  "controls",
  "display",
];

function packagesOf(room: string): readonly string[] {
  if (room === "index") return ["@anywidget/types"];
  if (shown.includes(room)) return ["preact", "preact/hooks", "@preact/signals"];
  return ["session", "focus"].includes(room) ? ["@preact/signals"] : [];
}

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
        expect(packagesOf(room), `${name}: ${target}`).toContain(target);
        continue;
      }
      const path = new URL(target, `file:///${name}`).pathname.slice(1);
      expect([room, "lib", ...(rules[room] ?? [])], `${name}: ${target}`).toContain(roomOf(path));
    }
  });

  it("touch the DOM only where something is shown", () => {
    const dom =
      /\b(document|window|navigator|HTMLElement|getComputedStyle|requestAnimationFrame|localStorage)\b(?!`)/;
    for (const name of sources.filter((name) => !shown.includes(roomOf(name)))) {
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
