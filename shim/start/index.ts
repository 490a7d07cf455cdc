export { openFilesLimit } from "../linux/open-files.ts";
export { containerdMajor, parentOf } from "./containerd-major.ts";
export { detach, LAUNCHER_FD } from "./detach.ts";
export { startReply } from "./reply.ts";
export { makeExpendable, start } from "./start.ts";
