import { pictureFile } from "../../wire/media/picture";
import { NotSaved } from "./maps/maps";
import type { Saved } from "./saved";

/** A picture that the page holds, by its name. */
export function savedPicture({ read }: Saved, name: string): Blob {
  const data = read(`picture ${name}`)?.data;
  if (!(data instanceof Uint8Array)) throw new NotSaved("This saved page does not hold this picture.");
  return pictureFile(new Uint8Array(data));
}
