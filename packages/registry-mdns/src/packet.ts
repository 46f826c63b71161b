import { isIP, isIPv4 } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, type TxtData } from 'dns-packet';

/** One node as a message describes it; `text` is its TXT strings joined, not yet decoded. */
export interface Sighting {
  /** The full instance name, without the final dot. */
  readonly instance: string;
  readonly host: string;
  readonly port: number;
  /** In seconds; 0 is a goodbye. */
  readonly ttl: number;
  readonly text: string;
}

/** What we understand of a DNS message. */
export interface Message {
  /** The names asked for; empty for a response. */
  readonly asked: readonly string[];
  /** Whether it answers a question, rather than announcing something. */
  readonly answer: boolean;
  readonly sightings: readonly Sighting[];
}

/** What an instance's records say. */
export interface Instance {
  readonly instance: string;
  /** The target of its SRV record. */
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly text: readonly string[];
}

// A message of ours or of Go's has five records; other daemons put what they know of a host into one.
const mostRecords = 256;

/** The question that Go clients send: PTR, class IN, no recursion. The id tells our questions apart. */
export function encodeQuestion(name: string, id: number): Buffer {
  return encode({ type: 'query', id, questions: [{ type: 'PTR', name }] });
}

/**
 * The answer as Go clients demand it: id 0, the question echoed, one instance, everything in the answer section,
 * and SRV before A. Go would discard anything else (go-micro v4: util/mdns/client.go).
 */
export function encodeAnswer(name: string, instance: Instance, ttl: number): Buffer {
  const pointer: Answer = { type: 'PTR', name, ttl, class: 'IN', data: instance.instance };
  return encode({
    type: 'response',
    flags: AUTHORITATIVE_ANSWER,
    questions: [{ type: 'PTR', name }],
    answers: [pointer, ...recordsOf(instance, ttl)],
  });
}

/** The announcement as Go servers send it: no question, no PTR, AA not set. A goodbye is one with TTL 0. */
export function encodeAnnouncement(instance: Instance, ttl: number): Buffer {
  return encode({ type: 'response', answers: recordsOf(instance, ttl) });
}

function recordsOf({ instance, target, host, port, text }: Instance, ttl: number): Answer[] {
  return [
    { type: 'SRV', name: instance, ttl, class: 'IN', data: { priority: 10, weight: 1, port, target } },
    { type: isIPv4(host) ? 'A' : 'AAAA', name: target, ttl, class: 'IN', data: host },
    { type: 'TXT', name: instance, ttl, class: 'IN', data: [...text] },
  ];
}

/** Reads a message, leniently as to order and section. Throws for what is no DNS message or has too many records. */
export function decodeMessage(bytes: Buffer): Message {
  if (bytes.length < 12) throw new RangeError('a DNS message has at least 12 bytes');
  for (let at = 4; at < 12; at += 2) {
    if (bytes.readUInt16BE(at) > mostRecords)
      throw new RangeError(`more than ${mostRecords} records in a DNS message`);
  }
  const { type, questions = [], answers = [], additionals = [] }: Packet = decode(bytes);
  if (type === 'query') {
    const pointers = questions.filter(
      (question) => question.type === 'PTR' || String(question.type) === 'ANY',
    );
    return { asked: pointers.map((question) => question.name), answer: false, sightings: [] };
  }
  const records = [...answers, ...additionals];
  const answer = questions.length > 0 || records.some((record) => record.type === 'PTR');
  return { asked: [], answer, sightings: sightingsOf(records) };
}

function sightingsOf(records: readonly Answer[]): Sighting[] {
  const hosts = new Map<string, string>();
  const texts = new Map<string, { readonly text: string; readonly ttl: number }>();
  for (const record of records) {
    // A node with both addresses is called by the IPv4 one, as Go does.
    if (record.type === 'A' || (record.type === 'AAAA' && !hosts.has(record.name))) {
      if (isIP(record.data) !== 0) hosts.set(record.name, record.data);
    } else if (record.type === 'TXT') {
      texts.set(record.name, { text: joined(record.data), ttl: record.ttl ?? 0 });
    }
  }
  const sightings: Sighting[] = [];
  for (const record of records) {
    if (record.type !== 'SRV') continue;
    const host = hosts.get(record.data.target);
    const txt = texts.get(record.name);
    if (host === undefined || txt === undefined || record.data.port === 0) continue;
    const ttl = Math.min(record.ttl ?? 0, txt.ttl);
    sightings.push({ instance: record.name, host, port: record.data.port, ttl, text: txt.text });
  }
  return sightings;
}

function joined(data: TxtData): string {
  return (Array.isArray(data) ? data : [data]).map((part) => part.toString('latin1')).join('');
}
