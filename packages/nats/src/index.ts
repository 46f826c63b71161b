export { natsError } from './errors.ts';
export { type DeniedListener, type LinkListener, NatsLink } from './link.ts';
export type { NatsOptions } from './options.ts';
