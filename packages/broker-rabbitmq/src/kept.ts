import type { Message } from '@micro/core';
import type { ChannelModel } from 'amqplib';
import type { Confirmed } from './confirmed.ts';
import { encodeMessage } from './message.ts';
import { fitting } from './names.ts';

// Messages that nobody has queued for yet wait in a queue of their topic
const nameOf = (topic: string): string => fitting(`micro.kept.${topic}`);

/** Publishes where somebody has a queue for it, else keeps it for the first queue. */
export async function keep(
  confirmed: Confirmed,
  exchange: string,
  key: string,
  topic: string,
  message: Message,
): Promise<void> {
  const options = encodeMessage(topic, message);
  if (await confirmed.publish(exchange, key, message.body, { ...options, mandatory: true })) return;
  await confirmed.queue(nameOf(topic), { durable: true }); // a quorum queue cannot be deleted "if empty"
  await confirmed.publish('', nameOf(topic), message.body, options);
}

/** Moves what was kept into the queue: each message is there before it is gone here. */
export async function takeKept(
  connection: ChannelModel,
  confirmed: Confirmed,
  topic: string,
  queue: string,
): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined); // what was asked rejects with it
  const name = nameOf(topic);
  try {
    await channel.checkQueue(name);
  } catch {
    return; // there is none, and the server has closed the channel over the question
  }
  for (let message = await channel.get(name); message !== false; message = await channel.get(name)) {
    const { headers, timestamp } = message.properties;
    await confirmed.publish('', queue, message.content, { headers, timestamp, persistent: true });
    channel.ack(message);
  }
  await channel.deleteQueue(name, { ifEmpty: true });
  await channel.close();
}
