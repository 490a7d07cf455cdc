import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  GetContainerResponse,
  GetImageResponse,
  ReadContentRequest,
  ReadContentResponse,
} from "../proto/containerd.ts";
import { wasmOfImage, type WasmOfImage, type WasmQuery } from "./wasm-of-image.ts";

const COMPONENT = Buffer.from("a component".repeat(100_000));
const MANIFEST = manifestOf([["application/wasm", COMPONENT]]);
const CHUNK = 300_000;

type Answers = Readonly<Record<string, (stream: ServerHttp2Stream, asked: Buffer) => void>>;

/** gRPC over a real socket, in the place of containerd; the real one is asked in test/shim/wasm.test.ts. */
describe("wasmOfImage()", () => {
  let folder: string;
  let server: Http2Server | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "grpc-"));
  });
  afterEach(() => {
    server?.close();
    rmSync(folder, { recursive: true });
  });

  async function ask(answers: Answers): Promise<WasmOfImage | undefined> {
    const address = join(folder, "c.sock");
    server = createServer().on(
      "stream",
      (stream, headers) => void serve(stream as ServerHttp2Stream, String(headers[":path"]), answers),
    );
    await once(server.listen(address), "listening");
    return wasmOfImage({ address: `unix://${address}`, namespace: "ns", container: "c", caches: cachesIn(folder) });
  }

  it("goes from the container to the layer, in pieces", async () => {
    const wasm = await ask(answersWith([MANIFEST, COMPONENT]));
    if (wasm?.kind !== "component") throw new Error("It has not found the component");
    expect(readFileSync(wasm.file).equals(COMPONENT)).to.equal(true);
    expect(wasm.digest).to.equal(digestOf(COMPONENT));
  });

  it("goes from the container, by an index, to a Spin application", async () => {
    const app = Buffer.from(JSON.stringify({ components: [{ id: "a", source: { digest: digestOf(COMPONENT) } }] }));
    const small = Buffer.from("a small component");
    const spin = manifestOf([
      ["application/vnd.wasm.content.layer.v1+wasm", small],
      ["application/vnd.wasm.content.layer.v1+wasm", COMPONENT],
      ["application/vnd.fermyon.spin.application.v1+config", app],
    ]);
    const index = Buffer.from(JSON.stringify({ manifests: [describeBlob("m", spin)] }));
    const wasm = await ask(answersWith([index, spin, small, COMPONENT, app]));
    const at = join(folder, "apps", digestOf(spin).replace(":", "-"));
    const components = [COMPONENT, small].map((bytes) => {
      const digest = digestOf(bytes);
      return { digest, file: join(at, "content", digest.slice("sha256:".length)) };
    });
    expect(wasm).to.deep.equal({ kind: "spin-app", folder: at, components });
    expect(readFileSync(join(at, "spin.json")).equals(app)).to.equal(true);
    expect(readFileSync(components[0]?.file ?? "").equals(COMPONENT)).to.equal(true);
  });

  it("says nothing of an ordinary image", async () => {
    expect(await ask(answersWith([Buffer.from('{"layers":[]}')]))).to.equal(undefined);
  });

  for (const [title, answers, code, message] of [
    ["a status", { "/containerd.services.containers.v1.Containers/Get": refuse }, "UNREACHABLE", "status 5: not here"],
    ["a manifest of another digest", lying(), "CORRUPT", "not what digest"],
    ["a message that is cut off", { "/containerd.services.containers.v1.Containers/Get": cutOff }, "UNREACHABLE", ""],
    ["a message that is too long", { "/containerd.services.containers.v1.Containers/Get": tooLong }, "UNREACHABLE", ""],
  ] as const) {
    it(`fails at ${title}`, async () => {
      const failure: unknown = await ask(answers as Answers).catch((error: unknown) => error);
      expect(failure).to.have.property("code", code);
      const { message: text, cause } = failure as Error;
      expect(`${text} ${String(cause)}`).to.include(message);
    });
  }

  it("fails where nobody listens", async () => {
    const query = { address: join(folder, "none"), namespace: "ns", container: "c", caches: cachesIn(folder) };
    const failure: unknown = await wasmOfImage(query).catch((error: unknown) => error);
    expect(failure).to.have.property("code", "UNREACHABLE");
  });
});

/** @param blobs the first is the image's manifest or index. */
function answersWith(blobs: readonly Buffer[], digest = digestOf(blobs[0] ?? "")): Answers {
  const target = { mediaType: "m", digest, size: BigInt(blobs[0]?.length ?? 0) };
  return {
    "/containerd.services.containers.v1.Containers/Get": (stream) => {
      send(stream, GetContainerResponse.encode({ container: { id: "c", image: "i" } }));
    },
    "/containerd.services.images.v1.Images/Get": (stream) => {
      send(stream, GetImageResponse.encode({ image: { name: "i", target } }));
    },
    "/containerd.services.content.v1.Content/Read": (stream, asked) => {
      const wanted = ReadContentRequest.decode(asked).digest;
      const blob = blobs.find((each) => digestOf(each) === wanted) ?? MANIFEST;
      const count = Math.ceil(blob.length / CHUNK);
      const data = Array.from({ length: count }, (_, at) => blob.subarray(at * CHUNK, (at + 1) * CHUNK));
      send(stream, ...data.map((part) => ReadContentResponse.encode({ data: part })));
    },
  };
}

function lying(): Answers {
  return answersWith([MANIFEST], `sha256:${"0".repeat(64)}`);
}

async function serve(stream: ServerHttp2Stream, path: string, answers: Answers): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  answers[path]?.(stream, Buffer.concat(chunks).subarray(5));
}

function send(stream: ServerHttp2Stream, ...messages: readonly Uint8Array[]): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => {
    stream.sendTrailers({ "grpc-status": "0" });
  });
  for (const message of messages) stream.write(Buffer.concat([head(message.length), message]));
  stream.end();
}

function refuse(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "grpc-status": "5", "grpc-message": "not%20here" }, { endStream: true });
}

function cutOff(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200 });
  stream.end(head(100));
}

function tooLong(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200 });
  stream.end(head(2 ** 31));
}

function head(length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function manifestOf(layers: readonly (readonly [mediaType: string, bytes: Buffer])[]): Buffer {
  return Buffer.from(JSON.stringify({ layers: layers.map(([mediaType, bytes]) => describeBlob(mediaType, bytes)) }));
}

function describeBlob(mediaType: string, bytes: Buffer): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function cachesIn(folder: string): WasmQuery["caches"] {
  const maxBytes = 2 ** 30;
  return { layers: { folder: join(folder, "layers"), maxBytes }, apps: { folder: join(folder, "apps"), maxBytes } };
}

function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
