declare const attnwidgetVersion: string | undefined;

/** Of this page, written into it when it is built; null where it was not. */
export const version: string | null = typeof attnwidgetVersion === "string" ? attnwidgetVersion : null;
