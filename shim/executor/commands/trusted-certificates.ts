import { readFileSync, statSync } from "node:fs";
import { messageOf } from "@rcm/lib/errors";
import { nodeTls } from "@rcm/lib/late-modules";
import type { PodLog } from "../server/pod-log.ts";

/** Where distributions keep the certificates that a container trusts. */
export const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Trusts the certificates of a file in place of those that Node brings, once, when they are first needed: reading them
 * takes as long as answering many requests. Without the file, or with one that has none in it, Node's stay.
 */
export function trustLater(path: string | undefined, log: PodLog): () => void {
  let isDone = false;
  return () => {
    if (isDone || path === undefined) return;
    isDone = true;
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
      const certificates = certificatesIn(readFileSync(path, "utf8"));
      if (certificates.length > 0) nodeTls().setDefaultCACertificates(certificates);
      log.info("Certificates trusted", { path, count: certificates.length });
    } catch (error) {
      log.error("Certificates not trusted", { path, reason: messageOf(error) });
    }
  };
}

/** The certificates in a text, whatever is between them. */
export function certificatesIn(pem: string): readonly string[] {
  return pem.match(CERTIFICATE) ?? [];
}
