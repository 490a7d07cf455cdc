/** Version of the plug-in; in the user agent, and printed by `version`. */
export const VERSION = "0.1.0";
