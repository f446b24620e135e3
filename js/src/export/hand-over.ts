/** How a page hands things to the person in front of it. Each way may be barred: notebooks live in frames with rules of their own. */

const forgotten = 60_000;

/** A download. Whether the browser lets it happen, no page is told. */
export function saveFile(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  // Later: some browsers read it only after the person has chosen a folder.
  setTimeout(() => URL.revokeObjectURL(address), forgotten);
}

/** A page without an origin is in a sandbox, where downloads come to nothing unless they were allowed. */
export function mayBeBarred(): boolean {
  return window.origin === "null";
}

/** False where the browser does not let it. */
export async function copyText(text: string | Promise<string>): Promise<boolean> {
  try {
    if (typeof text === "string") await navigator.clipboard.writeText(text);
    else await copyLater(text);
    return true;
  } catch {
    return copyByCommand(await text);
  }
}

/** What has to be asked for first: some browsers allow copying only while a click is fresh, and wait for the rest. */
async function copyLater(text: Promise<string>): Promise<void> {
  if (typeof ClipboardItem === "undefined") return navigator.clipboard.writeText(await text);
  const blob = text.then((known) => new Blob([known], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

/** The old way, which also works where the page is not served over https. The focus stays where it is. */
function copyByCommand(text: string): boolean {
  let taken = false;
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
    taken = true;
  };
  document.addEventListener("copy", give, { capture: true });
  try {
    return document.execCommand("copy") && taken;
  } catch {
    return false;
  } finally {
    document.removeEventListener("copy", give, { capture: true });
  }
}

/** False where the browser does not let it. The picture may still be in the making: asking must follow the click at once. */
export async function copyImage(blob: Promise<Blob>): Promise<boolean> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    return true;
  } catch {
    return false;
  }
}

export function mayCopyImages(): boolean {
  return typeof ClipboardItem !== "undefined" && navigator.clipboard?.write !== undefined;
}
