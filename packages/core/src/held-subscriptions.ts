import type { Subscription } from './broker.ts';

/** The subscriptions of a broker that are not stopped. */
export interface HeldSubscriptions {
  /** What `subscribe` hands out: it is held until it has been stopped. */
  hold(subscription: Subscription): Subscription;
  /** Stops all of them, and waits for none of their handlers. Never rejects. */
  stopAll(): Promise<void>;
}

export function heldSubscriptions(): HeldSubscriptions {
  const held = new Set<Subscription>();
  return {
    hold(subscription) {
      held.add(subscription);
      return {
        topic: subscription.topic,
        get active() {
          return subscription.active;
        },
        async stop(options) {
          await subscription.stop(options);
          held.delete(subscription);
        },
      };
    },
    async stopAll() {
      const signal = AbortSignal.abort();
      await Promise.allSettled([...held].map((subscription) => subscription.stop({ signal })));
    },
  };
}
