// A command: prints its arguments and the variable GREETING, gives stdin back, and fails if there are arguments.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  const char *greeting = getenv("GREETING");
  printf("%s\n", greeting == NULL ? "no greeting" : greeting);
  for (int at = 1; at < argc; at++) printf("%s\n", argv[at]);
  char line[1024];
  while (fgets(line, sizeof line, stdin) != NULL) fputs(line, stdout);
  fprintf(stderr, "%d arguments\n", argc - 1);
  return argc > 1;
}
