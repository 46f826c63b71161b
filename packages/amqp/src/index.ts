export { answered } from './answered.ts';
export { amqpError } from './errors.ts';
export { AmqpLink, frameMax, type LinkUser } from './link.ts';
export { type AmqpNode, type AmqpOptions, type AmqpSettings, amqpSettings } from './options.ts';
