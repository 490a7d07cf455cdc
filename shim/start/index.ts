export { detach, LAUNCHER_FD } from "./detach.ts";
export { makeExpendable, start } from "./start.ts";
