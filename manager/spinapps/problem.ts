/** What keeps a SpinApp from running as it should: becomes a condition and an event. */
export interface Problem {
  /** For programs, UpperCamelCase. */
  readonly reason: string;
  /** For people: the field, its value, what is the case and what to do. */
  readonly message: string;
}
