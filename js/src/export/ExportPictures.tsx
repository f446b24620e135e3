import { useState } from "preact/hooks";
import { Segmented } from "../controls/Segmented";
import type { FigurePlace } from "../display/figures";
import { useView, type View } from "../display/view";
import { grouped } from "../lib/format";
import { copyImage, mayBeBarred, mayCopyImages, saveFile } from "./hand-over";
import { failure, type Handed } from "./Outcome";
import { type Picture, type PictureWish, pictureOf, pngPicture, possibleScale, svgPicture } from "./render";

const places = [
  { value: "stage", text: "this view", title: "The whole of the current view" },
  { value: "heads", text: "all heads", title: "The grid of all heads" },
  { value: "picture", text: "picture", title: "The picture with its heat" },
] as const satisfies readonly { value: FigurePlace; text: string; title: string }[];

const grounds = [
  { value: "light", text: "light", title: "On white, for papers" },
  { value: "dark", text: "dark", title: "On dark, for slides" },
] as const;

const scales = { least: 0.5, most: 16, usual: 2 };

interface Props {
  readonly tell: (handed: Handed) => void;
}

/** Pictures of what is on show, as PNG and as SVG. */
export function ExportPictures({ tell }: Props) {
  const view = useView();
  const [place, setPlace] = useState<FigurePlace>("stage");
  const [ground, setGround] = useState<"light" | "dark">("light");
  const [outlined, setOutlined] = useState(true);
  const [scale, setScale] = useState(scales.usual);
  const there = view.figures.makers.value;
  const offered = places.filter(({ value }) => there.has(value));
  const chosen = there.has(place) ? place : (offered[0]?.value ?? "stage");
  const wish: PictureWish = { place: chosen, dark: ground === "dark", outlined };
  const act = (what: (view: View, wish: PictureWish, scale: number) => Promise<Handed>) => () => {
    what(view, wish, scale).then(tell, (error: unknown) => tell(failure(error)));
  };
  return (
    <section>
      <h3>Picture</h3>
      <div class="aw-export-wishes">
        <Segmented label="Picture of" choices={offered} value={chosen} onChoose={setPlace} />
        <Segmented label="Colours" choices={grounds} value={ground} onChoose={setGround} />
        <label title="PNG pixels per pixel of the page">
          scale{" "}
          <input
            type="number"
            min={scales.least}
            max={scales.most}
            step="any"
            value={scale}
            onInput={(event) => setScale(wishedScale(event.currentTarget.valueAsNumber))}
          />
        </label>
        <label title="Outline what is pinned: the query, the layer, the head">
          <input
            type="checkbox"
            checked={outlined}
            onInput={(event) => setOutlined(event.currentTarget.checked)}
          />{" "}
          outline
        </label>
      </div>
      <div class="aw-export-actions">
        <button type="button" onClick={act(savePng)}>
          Save PNG
        </button>
        {mayCopyImages() && (
          <button type="button" onClick={act(copyPng)}>
            Copy PNG
          </button>
        )}
        <button type="button" onClick={act(saveSvg)}>
          Save SVG
        </button>
      </div>
    </section>
  );
}

function wishedScale(number: number): number {
  return Number.isFinite(number) ? Math.max(scales.least, Math.min(scales.most, number)) : scales.usual;
}

/** Made in the same breath as the click: the first frame may have to come yet, and then there is nothing to save. */
function wished(view: View, wish: PictureWish): Picture {
  const picture = pictureOf(view, wish);
  if (picture === null) throw new Error("There is nothing to show yet.");
  return picture;
}

async function savePng(view: View, wish: PictureWish, scale: number): Promise<Handed> {
  const picture = wished(view, wish);
  const { blob, width, height } = await pngPicture(picture, possibleScale(picture, scale));
  const name = `${picture.name}.png`;
  saveFile(blob, name);
  const size = `${grouped(width)} × ${grouped(height)} pixels`;
  return saved(`${name}, ${size}${smaller(picture, scale)}`, blob);
}

async function saveSvg(view: View, wish: PictureWish): Promise<Handed> {
  const picture = wished(view, wish);
  const blob = new Blob([svgPicture(picture)], { type: "image/svg+xml" });
  const name = `${picture.name}.svg`;
  saveFile(blob, name);
  return saved(`${name}, ${grouped(Math.max(1, Math.round(blob.size / 1024)))} KB`, blob);
}

async function copyPng(view: View, wish: PictureWish, scale: number): Promise<Handed> {
  const picture = wished(view, wish);
  const made = pngPicture(picture, possibleScale(picture, scale)).then(({ blob }) => blob);
  if (await copyImage(made)) return { message: `Copied as PNG${smaller(picture, scale)}.` };
  const message = "The browser did not allow copying. Right-click the picture to copy it.";
  return { failed: true, message, picture: await made };
}

function smaller(picture: Picture, scale: number): string {
  const possible = possibleScale(picture, scale);
  return possible < scale ? `, at scale ${possible.toFixed(1)}, the largest a browser can make` : "";
}

/** No page is told whether a download came to something: where it may not have, the picture is shown. */
function saved(what: string, picture: Blob): Handed {
  if (!mayBeBarred()) return { message: `Saved ${what}.` };
  return { message: `${what}. If no file arrives, right-click the picture to save it.`, picture };
}
