/** Upstream's name too, so that what its operator set and we leave out goes away. */
export const FIELD_MANAGER = "spin-operator";

/** Owns the number of pods from the time we leave it to an autoscaler until the autoscaler writes it. */
export const HAND_OVER_MANAGER = "spin-operator-hand-over";
