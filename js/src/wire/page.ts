/** The explorer as it stands, as a page in a file. */
export interface SavedPage {
  readonly name: string;
  readonly html: Blob;
}
