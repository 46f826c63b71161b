import { ambient, type Context } from './context.ts';

ambient.on = true;

/** The context of the handler that is running, for code that is not handed one; undefined outside of handlers. */
export function currentContext(): Context | undefined {
  return ambient.storage.getStore();
}
