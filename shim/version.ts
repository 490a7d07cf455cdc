/** Version of the shim. */
export const VERSION = "0.1.0";
