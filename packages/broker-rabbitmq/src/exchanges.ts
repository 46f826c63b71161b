import { atMost } from '@micro/core/plugin';
import type { ChannelModel } from 'amqplib';
import type { Settings } from './options.ts';

/**
 * go-micro's exchange is not durable: it is gone after a restart of the server, and with it the bindings of durable
 * queues, so that what is published before their members are back would vanish. We publish to one of our own, which
 * is durable and passes everything on to go-micro's. A queue bound to both gets each message once.
 */
export function publishingExchange({ exchange, durableExchange }: Settings): string {
  return durableExchange ? exchange : `${exchange}.durable`;
}

/** The exchanges that a queue is bound to. */
export function exchangesOf(settings: Settings): readonly string[] {
  return settings.durableExchange ? [settings.exchange] : [publishingExchange(settings), settings.exchange];
}

export async function declareExchanges(connection: ChannelModel, settings: Settings): Promise<void> {
  const { exchange, durableExchange, timeoutMs } = settings;
  const channel = await connection.createChannel();
  channel.on('error', () => undefined); // what was asked rejects with it
  await channel.assertExchange(exchange, 'topic', { durable: durableExchange });
  if (!durableExchange) {
    const ours = publishingExchange(settings);
    await channel.assertExchange(ours, 'topic', { durable: true });
    await channel.bindExchange(exchange, ours, '#');
  }
  await atMost(channel.close(), timeoutMs);
}
