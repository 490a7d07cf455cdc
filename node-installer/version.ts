/** Version of the programs; `scripts/build` tags the images with it. */
export const VERSION = "0.1.0";
