import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Tests run in js/; this is where paths begin. */
const root = process.cwd();

export function path(name: string): string {
  return join(root, name);
}

export function text(name: string): string {
  return readFileSync(path(name), "utf8");
}

/** All files under a folder, as paths from js/. */
export function files(folder: string): string[] {
  return readdirSync(path(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
