import type { MicroClient } from './client.ts';
import { ambient } from './context.ts';
import { CoreService } from './core-service.ts';
import { Runtime } from './runtime.ts';
import type { ClientOptions, Service, ServiceOptions } from './service.ts';

/**
 * A service, not started. Free of I/O. Throws `bad_request` for options, variables or flags that make no sense.
 * A plugin is chosen by its option, else by `MICRO_<KIND>` or a flag, else it is the only one imported, else memory.
 */
export function createService(options: ServiceOptions): Service {
  return new CoreService(options);
}

/** A client of its own, for programs that offer nothing; plugins are chosen as for a service. */
export function createClient(options: ClientOptions = {}): MicroClient {
  if (options.ambient ?? true) ambient.on = true;
  return new Runtime(options, (runtime) => runtime.plugins.close()).client;
}
