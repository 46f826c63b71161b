import type { SubscribeOptions } from '@micro/core';
import type { Channel, Options } from 'amqplib';
import { exchangesOf } from './exchanges.ts';
import { keyOf, queueOf } from './names.ts';
import type { Settings } from './options.ts';

/** RabbitMQ 4 drops a message that was given back 20 times: how often is core's to decide. */
const noLimit = 1_000_000;

/** A queue that is not durable is forgotten this long after its last member has left: what that gave back is for the next. */
const forgottenAfterMs = 5 * 60_000;

/** Declares the queue of a subscription and binds it. Resolves with its name. */
export async function declareQueue(
  channel: Channel,
  topic: string,
  { queue, durable, ordered }: SubscribeOptions,
  settings: Settings,
): Promise<string> {
  const declared =
    queue === undefined
      ? await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false })
      : settings.goQueues
        ? await channel.assertQueue(queue, { autoDelete: true, durable: false }) // go-micro v4: broker/rabbitmq/channel.go
        : await channel.assertQueue(queueOf(topic, queue), ownQueue(durable, ordered));
  for (const exchange of exchangesOf(settings))
    await channel.bindQueue(declared.queue, exchange, keyOf(topic));
  return declared.queue;
}

function ownQueue(durable: boolean, ordered: boolean): Options.AssertQueue {
  const single = ordered ? { 'x-single-active-consumer': true } : {};
  const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': noLimit };
  return {
    ...(durable ? { durable } : { durable, expires: forgottenAfterMs }),
    arguments: { ...single, ...(durable && quorum) },
  };
}
