/** An object to apply or to print: its fields are in the order in which they are printed. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    /** Objects with which this one goes. */
    readonly ownerReferences?: readonly object[];
  };
  readonly [field: string]: unknown;
}
