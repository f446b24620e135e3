/** How the numbers of the pictures came about. */
export const previewRecipe =
  "the query’s row, or column, in every head, in 256 steps; one scale for all heads, up to the largest over patches where it is stretched";
