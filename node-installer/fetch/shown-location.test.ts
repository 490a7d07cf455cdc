import { expect } from "chai";
import { assert, property, string, stringMatching, webPath } from "fast-check";
import { describe, it } from "mocha";
import { printable, shownLocation } from "./shown-location.ts";

describe("shownLocation()", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["https://example.org/a.tar.gz", "https://example.org/a.tar.gz"],
    ["https://user:secret@example.org/a?token=secret#secret", "https://example.org/a"],
    ["https://secret@example.org:8443/a", "https://example.org:8443/a"],
    ["https://u:sec/ret@example.org/a", "https://example.org/a"],
    ["https://u:sec?ret@example.org/a", "https://example.org/a"],
    ["https://u:sec#ret@example.org/a?b", "https://example.org/a"],
    ["https://example.org/a?mail=b@c", "https://example.org/a"],
    ["file:///path/a.tar", "file:///path/a.tar"],
    ["ftp://secret@example.org/a", "ftp://example.org/a"],
    ["https:\\\\user:secret@example.org\\a", "https://example.org/a"],
    ["user:secret@example.org/a", "//example.org/a"],
    ["https://example.org/a\nb\u001b[0m\u202e", "https://example.org/ab%1B[0m%E2%80%AE"],
    ["", ""],
  ];
  for (const [location, shown] of cases) {
    it(`shows ${JSON.stringify(location)} as ${JSON.stringify(shown)}`, () => {
      expect(shownLocation(location)).to.equal(shown);
    });
  }

  it("shows 300 characters at most", () => {
    expect(shownLocation(`https://example.org/${"a".repeat(1000)}`)).to.have.lengthOf(301);
  });

  it("never shows the user, the password or the query", () => {
    const secret = stringMatching(/^[a-z0-9]{1,12}$/u).map((text) => `SECRET${text}`);
    assert(
      property(secret, secret, webPath(), (user, query, path) => {
        const url = new URL(`https://${user}:${user}@example.org${path}?${query}#${query}`);
        expect(shownLocation(url)).to.not.include("SECRET");
      }),
    );
  });
});

describe("printable()", () => {
  it("leaves no control character and no quotation mark bare", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        expect(printable(text)).to.not.match(/\p{Cc}|\p{Cf}|(?<!\\)"/u);
      }),
    );
  });
});
