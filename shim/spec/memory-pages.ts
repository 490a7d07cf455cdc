/** Says what all memories of a guest together may grow to, in bytes; Spin's operator sets it. */
export const GUEST_MEMORY_VARIABLE = "SPIN_MAX_INSTANCE_MEMORY";

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;

/** Bytes as whole pages of WebAssembly; `undefined` if the text is no number of bytes for one page at least. */
export function memoryPages(text: string): number | undefined {
  const pages = Math.floor(Number(text) / PAGE_BYTES);
  return /^[0-9]{1,13}$/.test(text) && pages >= 1 ? Math.min(pages, MAX_PAGES) : undefined;
}
