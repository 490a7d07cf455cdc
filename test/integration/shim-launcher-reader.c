/* For shim-launcher.test.ts: reads texts, each behind its length in decimal and a new line; prints the id found in each. */
typedef unsigned char u8;
typedef unsigned long long u64;

#include "find-sandbox.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  u64 size;
  while (scanf("%llu", &size) == 1 && getchar() == '\n') {
    char id[MAX_NAME + 1], *text = malloc(size); /* Of just that size, so that reading on is seen. */
    if (fread(text, 1, size, stdin) != size) return 1;
    puts(find_sandbox(text, size, id) ? id : "");
    free(text);
  }
  return 0;
}
