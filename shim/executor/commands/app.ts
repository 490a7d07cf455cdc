/** Spin applications: loaded where one is run, and nowhere else. */
export { loadApp } from "./load-app.ts";
export { runApp } from "./run-app.ts";
