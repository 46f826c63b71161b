import type { Broker, BrokerFeature, SubscribeOptions } from './broker.ts';
import { MicroError } from './errors.ts';

type Able = Pick<Broker, 'name' | 'features'>;

/** Throws `bad_request` for a topic without a name. */
export function checkTopic(topic: string): void {
  if (topic === '') throw new MicroError('bad_request', 'a topic needs a name');
}

/** Throws `unimplemented` for what is asked for and the broker lacks; `hint`: what to do then. */
export function checkFeatures(
  { name, features }: Able,
  topic: string,
  asked: Partial<Record<BrokerFeature, boolean | undefined>>,
  hint = '',
): void {
  for (const [feature, wanted] of Object.entries(asked) as [BrokerFeature, boolean | undefined][]) {
    if (!wanted || features.has(feature)) continue;
    const text = `broker "${name}" has no "${feature}", which was asked for with "${topic}"`;
    throw new MicroError('unimplemented', hint === '' ? text : `${text} (${hint})`);
  }
}

/**
 * What every broker refuses of a subscription, whoever asks: throws `unimplemented` for features that it lacks, and
 * `bad_request` for what makes no sense. `hint`: which option brings a feature that is lacking.
 */
export function checkAsked(broker: Able, topic: string, options: SubscribeOptions, hint?: string): void {
  const { queue, durable, ordered, start, maxInFlight } = options;
  checkTopic(topic);
  const asked = { queue: queue !== undefined, durable, replay: start !== 'new', order: ordered };
  checkFeatures(broker, topic, asked, hint);
  if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1)
    throw new MicroError('bad_request', `maxInFlight must be an integer from 1, not ${maxInFlight}`);
  if (durable && queue === undefined)
    throw new MicroError('bad_request', `the durable subscription of "${topic}" needs a queue`);
  if (queue === '') throw new MicroError('bad_request', 'a queue needs a name');
}
