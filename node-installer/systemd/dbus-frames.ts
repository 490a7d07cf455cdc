import { FIXED_HEADER_BYTES, messageLength } from "./dbus-message.ts";

/** Cuts a stream of bytes, in chunks of any size, into whole messages. Holds at most one unfinished message. */
export class MessageFrames {
  #chunks: Buffer[] = [];
  #held = 0;
  #wanted = FIXED_HEADER_BYTES;

  /**
   * Takes the next chunk; returns the messages that it completes.
   *
   * @throws {SystemdError} `PROTOCOL`: the stream is of no further use.
   */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const messages: Buffer[] = [];
    while (this.#held >= this.#wanted) {
      const bytes = this.#join();
      const length = messageLength(bytes);
      if (bytes.length < length) {
        this.#wanted = length;
        break;
      }
      messages.push(bytes.subarray(0, length));
      this.#keep(bytes.subarray(length));
    }
    return messages;
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  #keep(rest: Buffer): void {
    this.#chunks = [rest];
    this.#held = rest.length;
    this.#wanted = FIXED_HEADER_BYTES;
  }
}
