import { MicroError } from '@micro/core';
import { JetStreamError } from './errors.ts';
import { type JetStream, nanoseconds } from './jetstream.ts';
import { nameOf } from './names.ts';
import type { Settings } from './options.ts';

/** Which stream keeps a subject. */
export interface Streams {
  /** The stream's name: one that is there, whoever made it, else one that is made now. */
  of(subject: string): Promise<string>;
  /** It is not there any more: the next one who asks looks again. */
  forget(subject: string): void;
}

/** Names that are remembered; beyond, the server is asked again. */
const mostRemembered = 10_000;
const nameInUse = 10_058; // JSStreamNameExistErr
const overlaps = 10_065; // JSStreamSubjectOverlapErr

export function makeStreams(jetstream: JetStream, settings: Settings): Streams {
  const known = new Map<string, Promise<string>>();

  async function find(subject: string): Promise<string | undefined> {
    const { streams } = await jetstream.ask('STREAM.NAMES', { subject });
    const [name]: unknown[] = Array.isArray(streams) ? streams : [];
    return typeof name === 'string' ? name : undefined;
  }

  async function make(subject: string): Promise<string> {
    const name = nameOf(`micro-${subject}`);
    const config = {
      ...{ name, subjects: [subject], retention: 'limits', discard: 'old', storage: 'file' },
      num_replicas: settings.replicas,
      max_age: nanoseconds(settings.maxAgeMs),
      max_bytes: settings.maxBytes || -1,
    };
    try {
      await jetstream.ask(`STREAM.CREATE.${name}`, config);
      return name;
    } catch (error) {
      const made = error instanceof JetStreamError && [nameInUse, overlaps].includes(error.reason);
      const other = made ? await find(subject) : undefined; // by somebody else in the meantime
      if (other === undefined) throw error;
      return other;
    }
  }

  async function ensure(subject: string): Promise<string> {
    const found = await find(subject);
    if (found !== undefined) return found;
    if (settings.createStreams) return make(subject);
    throw new MicroError('not_found', `nats: no stream keeps "${subject}", and createStreams is false`);
  }

  return {
    of(subject) {
      let name = known.get(subject);
      if (name === undefined) {
        if (known.size >= mostRemembered) known.clear();
        name = ensure(subject);
        known.set(subject, name);
        name.catch(() => known.delete(subject)); // who asked is told; who asks next is not
      }
      return name;
    },
    forget: (subject) => known.delete(subject),
  };
}
