import type { TextsRequest } from "../texts";
import { fileIn } from "./picture";

/** Where a token begins and ends in a sound, in seconds. */
export type TimePlace = readonly [start: number, stop: number];

/** A sound as the model heard it. */
export interface SoundTold {
  /** The same for the same sound: it is asked for once. */
  readonly name: string;
  /** How long it is, and how much the model reads: what is more is padding. */
  readonly seconds: number;
  readonly read: number;
  /** The size of its spectrogram, and up to which frequency that goes, in words. */
  readonly rows: number;
  readonly columns: number;
  readonly top: string;
  /** Whether it can be listened to, and how many seconds of it. */
  readonly playable: boolean;
  readonly played: number;
  /** What was done to it before, in words; "" where nothing is known. */
  readonly note: string;
}

/** When a word is said, by what its tokens read: its tokens, the second outside, its times in seconds, and the word. */
export type Spoken = readonly [start: number, stop: number, from: number, to: number, word: string];

/** The file of a sound, or of its spectrogram. */
export interface SoundRequest extends TextsRequest {
  readonly name: string;
}

/** What names a file that was sent, where a text would stand, and what the model says of a sound. */
export interface Uploaded {
  readonly name: string;
  readonly pair?: string;
}

/** A spectrogram's file out of an answer: grey, time to the right. Throws for one without it. */
export function readSpectrogram(told: unknown, buffer: ArrayBuffer | ArrayBufferView | undefined): Blob {
  return fileIn(told, buffer, ["image/png"], "its spectrogram");
}

/** A sound's file out of an answer. Throws for one without it. */
export function readSound(told: unknown, buffer: ArrayBuffer | ArrayBufferView | undefined): Blob {
  return fileIn(told, buffer, ["audio/wav"], "its sound");
}

/** Throws for an answer that does not name what was sent. */
export function readUploaded(uploaded: unknown, pair: unknown): Uploaded {
  if (typeof uploaded !== "string") throw new Error("it does not name the file");
  return { name: uploaded, ...(typeof pair === "string" && { pair }) };
}
