import type { OpenBeneath } from "./filesystem/open-beneath.ts";
import type { Preopen } from "./filesystem/preopen.ts";
import type { SetFileTimes } from "./filesystem/set-file-times.ts";
import type { OutgoingService } from "./http/outgoing-service.ts";
import type { InputStream } from "./io/input-stream.ts";
import type { OutputStream } from "./io/output-stream.ts";
import type { NetworkPolicy } from "./sockets/network-policy.ts";
import type { SpinServices } from "./spin-services.ts";

/** What the host gives to every guest of a program: made once, the same for all requests. */
export interface HostServices {
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly arguments: readonly string[];
  readonly initialCwd: string | undefined;
  /** A new stream for each guest's handle; what they lead to is the program's. */
  stdin(): InputStream;
  stdout(): OutputStream;
  stderr(): OutputStream;
  readonly terminals: Readonly<Record<"stdin" | "stdout" | "stderr", boolean>>;
  readonly preopens: readonly Preopen[];
  readonly openBeneath: OpenBeneath;
  readonly setFileTimes: SetFileTimes;
  readonly network: NetworkPolicy;
  readonly outgoing: OutgoingService;
  /** All names and values of one `fields` together, in bytes. */
  readonly maxFieldBytes: number;
  /** Bytes that the host keeps for one guest: of all its fields, and of bodies that nobody takes yet. */
  readonly maxKeptBytes: number;
  /** Files, sockets and requests that one guest may have open. */
  readonly maxOpenObjects: number;
  /** `undefined`: the component belongs to no Spin application, and the interfaces refuse every call. */
  readonly spin?: SpinServices;
}
