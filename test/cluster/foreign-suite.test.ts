import { expect } from "chai";
import { describe, it } from "mocha";
import { mirrorIn } from "./foreign-suite.ts";

describe("mirrorIn()", () => {
  const cases: readonly { name: string; sources: string; mirror: string | undefined }[] = [
    {
      name: "a .sources file",
      sources: "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n",
      mirror: "http://mirror.example/debian",
    },
    {
      name: "the archive proper behind the one of security updates",
      sources: "URIs: http://a.example/debian-security\nURIs: http://b.example/debian/\n",
      mirror: "http://b.example/debian",
    },
    {
      name: "a one-line file with options",
      sources: "deb [arch=amd64 signed-by=/k] https://c.example/debian trixie main\n",
      mirror: "https://c.example/debian",
    },
    { name: "a commented line", sources: "# deb http://d.example/debian sid main\n", mirror: undefined },
    { name: "other archives only", sources: "deb https://e.example/ubuntu noble main\n", mirror: undefined },
  ];
  for (const { name, sources, mirror } of cases) {
    it(`reads ${name}`, () => {
      expect(mirrorIn(sources)).to.equal(mirror);
    });
  }
});
