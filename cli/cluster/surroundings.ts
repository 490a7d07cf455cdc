export type Environment = Readonly<Record<string, string | undefined>>;

/** What reaching a cluster takes of the process: plug-ins that sign in may talk to people. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Environment;
}
