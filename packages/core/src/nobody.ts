import { AsyncResource } from 'node:async_hooks';

// The context of the module, nobody's
const resource = new AsyncResource('@micro/core handlers');

/** Runs it in no caller's async context: inside a process handlers would run in that of who called, as over a wire they never do. */
export function asNobody<T>(run: () => T): T {
  return resource.runInAsyncScope(run);
}
