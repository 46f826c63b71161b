import { hostname } from 'node:os';
import { MicroError, type NodeRecord, report, type ServiceRecord } from '@micro/core';
import { abortable } from '@micro/core/plugin';
import { hostAndPort } from './address.ts';
import { hostLabel, instanceName, instanceText, listService, serviceName, serviceText } from './names.ts';
import { encodeAnnouncement, encodeAnswer, type Instance } from './packet.ts';
import { encodeText } from './txt.ts';

/** Our own nodes: announced, answered for, and gone when nobody renews them. */
export interface Publisher {
  /**
   * Announces a record's nodes and resolves when that was heard on the network. Throws `bad_request` for an
   * address without IP and port, `too_large` for metadata that fits into no message.
   */
  publish(record: ServiceRecord, ttlMs: number, signal: AbortSignal | undefined): Promise<void>;
  /** Stops answering for a node, and says goodbye. A node that is not ours is no error. */
  withdraw(service: string, id: string): Promise<void>;
  /** What to answer to a question for a name. */
  answers(name: string): Buffer[];
  readonly size: number;
  /** Stops answering and announcing, without a goodbye. */
  close(): void;
}

interface Publication {
  readonly service: string;
  readonly serviceName: string;
  readonly instance: Instance;
  readonly ttl: number;
  readonly timers: NodeJS.Timeout[];
}

// After the first one, as Go: RFC 6762 §8.3 wants two at least, a second apart or more.
const repeatAfterMs = [1_000, 3_000];
// What one UDP message holds; macOS refuses more than 9,216 bytes unless told otherwise.
const longestMessage = process.platform === 'darwin' ? 9_000 : 65_000;
const longestTtlMs = 86_400_000;
// Go's own (util/mdns/zone.go), and its list entries' port and address.
const listTtl = 120;
const listPort = 9_999;

export function newPublisher(domain: string, send: (bytes: Buffer) => Promise<void>): Publisher {
  const ours = new Map<string, Publication>();
  const target = hostLabel(hostname());
  const listName = `${listService}.${domain}`;

  async function publish(
    record: ServiceRecord,
    ttlMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (!(ttlMs > 0 && ttlMs <= longestTtlMs)) throw refuse(`ttlMs ${ttlMs} is no time up to a day`);
    const nodes = record.nodes.map((node) => ({ node, instance: instanceOf(record, node, ttlMs) }));
    await Promise.all(nodes.map(({ node, instance }) => put(record, node, instance, ttlMs, signal)));
  }

  async function put(
    record: ServiceRecord,
    node: NodeRecord,
    instance: Instance,
    ttlMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const name = instance.instance;
    const known = ours.get(name);
    const publication: Publication = {
      service: record.name,
      serviceName: serviceName(record.name, domain),
      instance,
      ttl: Math.ceil(ttlMs / 1_000),
      timers: [],
    };
    replace(name, publication);
    publication.timers.push(setTimeout(() => quietly(withdraw(record.name, node.id)), ttlMs).unref());
    try {
      await abortable(announce(publication, publication.ttl), signal);
    } catch (error) {
      // What failed is not remembered. A renewal that failed leaves the node until its TTL.
      if (known === undefined && ours.get(name) === publication) quietly(withdraw(record.name, node.id));
      throw error;
    }
    if (ours.get(name) !== publication || sameInstance(known?.instance, instance)) return;
    for (const ms of repeatAfterMs) {
      publication.timers.push(setTimeout(() => quietly(announce(publication, publication.ttl)), ms).unref());
    }
  }

  async function withdraw(service: string, id: string): Promise<void> {
    const name = instanceName(id, service, domain);
    const publication = ours.get(name);
    if (publication === undefined) return;
    replace(name, undefined);
    await announce(publication, 0);
  }

  function announce({ instance }: Publication, ttl: number): Promise<void> {
    return send(encodeAnnouncement(instance, ttl));
  }

  function replace(name: string, publication: Publication | undefined): void {
    for (const timer of ours.get(name)?.timers ?? []) clearTimeout(timer);
    if (publication === undefined) ours.delete(name);
    else ours.set(name, publication);
  }

  function answers(name: string): Buffer[] {
    if (name === listName)
      return [...new Set([...ours.values()].map(({ service }) => service))].map(listAnswer);
    return [...ours.values()]
      .filter((one) => name === one.serviceName || name === one.instance.instance)
      .map(({ instance, ttl }) => encodeAnswer(name, instance, ttl));
  }

  function listAnswer(service: string): Buffer {
    const label = serviceText(service, domain);
    const bare = {
      service,
      version: '',
      metadata: {},
      endpoints: [],
      id: undefined,
      serviceMetadata: undefined,
      ttlMs: undefined,
    };
    const text = label === service ? [] : encodeText(bare);
    const instance = { instance: `${label}.${listName}`, target, host: '0.0.0.0', port: listPort, text };
    return encodeAnswer(listName, instance, listTtl);
  }

  function instanceOf(record: ServiceRecord, node: NodeRecord, ttlMs: number): Instance {
    const { host, port } = hostAndPort(node.address);
    const { name: service, version, endpoints } = record;
    const texts = (described: ServiceRecord['endpoints']): string[] =>
      encodeText({
        service,
        version,
        metadata: node.metadata,
        endpoints: described,
        id: instanceText(node.id, service, domain) === node.id ? undefined : node.id,
        serviceMetadata: Object.keys(record.metadata).length === 0 ? undefined : record.metadata,
        ttlMs,
      });
    const named = { instance: instanceName(node.id, service, domain), target, host, port };
    const whole = { ...named, text: texts(endpoints) };
    if (fits(whole)) return whole;
    const short = { ...named, text: texts([]) };
    if (!fits(short))
      throw new MicroError(
        'too_large',
        `registry mdns: the metadata of ${node.id} does not fit into one message of ${longestMessage} bytes`,
      );
    report(
      'plugin.warning',
      `registry mdns: ${service} is announced without its ${endpoints.length} endpoints, which do not fit into one message`,
    );
    return short;
  }

  function close(): void {
    for (const name of [...ours.keys()]) replace(name, undefined);
  }

  return {
    publish,
    withdraw,
    answers,
    close,
    get size() {
      return ours.size;
    },
  };
}

// Nobody waits for it, and whether multicast works has been reported where it was sent.
function quietly(background: Promise<void>): void {
  background.catch(() => {});
}

// The names, of which no message of ours has more than eight, and all else of a message beside the text.
const besideText = 8 * 256;

function fits({ text }: Instance): boolean {
  return text.reduce((size, string) => size + string.length + 1, besideText) <= longestMessage;
}

function sameInstance(one: Instance | undefined, other: Instance): boolean {
  return one?.host === other.host && one.port === other.port && one.text.join('') === other.text.join('');
}

function refuse(why: string): MicroError {
  return new MicroError('bad_request', `registry mdns: ${why}`);
}
