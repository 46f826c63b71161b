import type { RegistryChange, ServiceRecord } from './registry.ts';

/** One watch, read by its owner. */
export interface Watcher {
  /** The next change, a list first; `undefined` at the end. */
  next(): Promise<RegistryChange | undefined>;
  readonly end: () => void;
}

/** The same, told by the network. */
export interface Listener extends Watcher {
  readonly service: string | undefined;
  tell(change: RegistryChange): void;
}

/** Changes that wait for a slow reader; one more, and a new list takes the place of all. */
const maxWaiting = 64;

/** `everything` makes the list of what is watched, each time one is due. */
export function makeListener(
  service: string | undefined,
  everything: () => readonly ServiceRecord[],
  onEnd: () => void,
): Listener {
  let waiting: RegistryChange[] = [];
  let listDue = true;
  let ended = false;
  let wake: (() => void) | undefined;
  return {
    service,
    tell(change) {
      if (listDue) return; // the list will have it
      waiting.push(change);
      if (waiting.length > maxWaiting) {
        waiting = [];
        listDue = true;
      }
      wake?.();
    },
    async next() {
      while (!ended) {
        if (listDue) {
          const services = everything(); // what this expires is told while the list is still due
          listDue = false;
          return Object.freeze({ type: 'list', services });
        }
        const change = waiting.shift();
        if (change !== undefined) return change;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
      return undefined;
    },
    end() {
      ended = true;
      waiting = [];
      onEnd();
      wake?.();
    },
  };
}
