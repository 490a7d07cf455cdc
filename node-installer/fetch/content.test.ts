import { Buffer } from "node:buffer";
import { expect } from "chai";
import { describe, it } from "mocha";
import { compressionOf, contentOf, familiarName } from "./content.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { sampleTar } from "./testing/sample-tar.ts";

/** A header of 7th Edition: no magic. */
function oldTar(): Buffer {
  return sampleTar({
    path: "a",
    spoil: (header) => {
      header.fill(0, 257, 265);
    },
  });
}

describe("contentOf()", () => {
  const cases: readonly (readonly [string, Buffer, string])[] = [
    ["ustar", sampleTar({ path: "a" }), "tar"],
    ["tar of 7th Edition", oldTar(), "tar"],
    ["tar with nothing in it", Buffer.alloc(1024), "tar"],
    ["a program", sampleElf(), "elf"],
    ["nothing", Buffer.alloc(0), "unknown"],
    ["a few zeros", Buffer.alloc(511), "unknown"],
    ["text", Buffer.alloc(600, "text "), "unknown"],
    ["tar whose first file is called as gzip begins", sampleTar({ path: "\u001f\u008b" }).fill(0x8b, 1, 2), "unknown"],
  ];
  for (const [name, head, content] of cases) {
    it(`takes ${name} for ${content}`, () => {
      expect(contentOf(head)).to.equal(content);
    });
  }
});

describe("compressionOf()", () => {
  it("tells it by the first bytes", () => {
    const heads = ["1f8b08", "28b52ffd04", "28b52f", "1f", "", "504b0304"].map((hex) => Buffer.from(hex, "hex"));
    expect(heads.map((head) => compressionOf(head))).to.deep.equal(["gzip", "zstd", "none", "none", "none", "none"]);
  });
});

describe("familiarName()", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["<!DOCTYPE html><title>Sign in</title>", "an HTML page"],
    ["\n\n <html lang=en>", "an HTML page"],
    ['<?xml version="1.0"?><Error>', "an XML document"],
    ['{"message":"Not Found"}', "a JSON document"],
    ["#!/bin/sh", "a script"],
    ["PK\u0003\u0004", "a zip archive"],
    ["BZh9", "a bzip2 archive"],
    ["hello", undefined],
  ];
  for (const [text, name] of cases) {
    it(`calls ${JSON.stringify(text)} ${String(name)}`, () => {
      expect(familiarName(Buffer.from(text))).to.equal(name);
    });
  }
});
