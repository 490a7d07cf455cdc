import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { EventQueue, type QueuedEvent } from "./event-queue.ts";

describe("EventQueue", () => {
  it("keeps the order, takes every exit, and others up to the limit", () => {
    const limit = 3;
    const step = fc.oneof(fc.constantFrom("/tasks/exit", "/tasks/start"), fc.constant(undefined));
    const check = fc.property(fc.array(step, { size: "large" }), (steps) => {
      const queue = new EventQueue(limit);
      const model: QueuedEvent[] = [];
      for (const topic of steps) {
        if (topic === undefined) {
          queue.removeFirst();
          model.shift();
        } else {
          const event = eventOf(topic);
          const hasRoom = topic === "/tasks/exit" || model.filter((other) => other.topic === topic).length < limit;
          expect(queue.add(event)).to.equal(hasRoom);
          if (hasRoom) model.push(event);
        }
        expect(queue.size).to.equal(model.length);
        expect(queue.first).to.equal(model[0]);
      }
    });
    fc.assert(check);
  });

  it("keeps the order of many", () => {
    const queue = new EventQueue(0);
    const events = Array.from({ length: 5000 }, () => eventOf("/tasks/exit"));
    for (const event of events) queue.add(event);
    for (const event of events) {
      expect(queue.first).to.equal(event);
      queue.removeFirst();
    }
    expect(queue.size).to.equal(0);
  });
});

function eventOf(topic: string): QueuedEvent {
  return { topic, event: { typeUrl: "", value: Buffer.alloc(0) }, at: new Date(0) };
}
