import type { EventPublisher } from "../events/publisher.ts";
import type { InputOf } from "../proto/codec.ts";
import { anyFromEvent } from "../proto/events.ts";
import type { TASK_EVENTS, TaskTopic } from "../proto/events.ts";

/** Tells containerd what happened, in the order of the calls. It never waits, and never fails. */
export function publishEvent<T extends TaskTopic>(
  { publisher }: { readonly publisher: EventPublisher },
  topic: T,
  event: InputOf<(typeof TASK_EVENTS)[T]>,
): void {
  publisher.publish(topic, anyFromEvent(topic, event), new Date());
}
