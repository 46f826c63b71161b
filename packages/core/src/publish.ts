import { randomUUID } from 'node:crypto';
import type { Broker, Message } from './broker.ts';
import type { Codec } from './codec.ts';
import type { Context } from './context.ts';
import type { Topic } from './contract.ts';
import { isHandlerContext } from './handler-context.ts';
import { type Metadata, mergeMetadata } from './metadata.ts';

export interface EventOptions {
  /** Sent along, over what the running handler's context carries. */
  readonly metadata?: Metadata | undefined;
  /** Events of one key keep their order, where the broker has `order`. */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The handler's context to inherit metadata from. @default the running handler's, where it is ambient */
  readonly ctx?: Context | undefined;
}

const utf8 = new TextEncoder();

/** Publishes events with the headers that go-micro's subscribers need (wire: Micro-Topic, Content-Type, Micro-Id). */
export async function publishEvents<In>(
  broker: Broker,
  codec: Codec,
  topic: Topic<In, unknown>,
  events: readonly In[],
  options: EventOptions = {},
): Promise<void> {
  const { key, signal, ctx } = options;
  const inherited = isHandlerContext(ctx) ? ctx.inherited : undefined;
  const { encode } = codec.bind(topic.schema);
  const messages = events.map((event): Message => {
    const encoded = encode(event);
    const header = mergeMetadata(mergeMetadata(inherited, options.metadata), {
      'content-type': codec.contentTypes[0],
      'micro-topic': topic.topic,
      'micro-id': randomUUID(),
    });
    return { header, key, body: typeof encoded === 'string' ? utf8.encode(encoded) : encoded };
  });
  await broker.publish(topic.topic, messages, { signal });
}
