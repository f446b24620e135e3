/** What was found, as a file, and in a sentence what it says of the answer. */
export interface SavedFinding {
  readonly name: string;
  readonly json: Blob;
  readonly words: string;
}

/** The explorer as it stands, as a page in a file. */
export interface SavedPage {
  readonly name: string;
  readonly html: Blob;
}
