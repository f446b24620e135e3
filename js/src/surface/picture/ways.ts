/** How what is read of a picture is told. */
export const ways = [
  { value: "colour", text: "colour", title: "What is read is coloured" },
  { value: "light", text: "light", title: "What is not read goes dark" },
] as const;
