import {
  type Delivered,
  type Metadata,
  MicroError,
  noMetadata,
  type ReplyMetadata,
  report,
  type Target,
} from '@micro/core';
import {
  decodeError,
  encodeError,
  isAny,
  isObject,
  readMetadata as readFields,
  readTimeout,
} from '@micro/core/plugin';
import type { Fields, Header } from './carrier.ts';

/**
 * Our own marks, which Go does not know and passes on as metadata at most. A window is how many bytes a side of a
 * stream takes before it has granted more (credit); `more` marks a message that opens nothing, `cancel` a leaving;
 * `header` and `trailer` are the metadata of an answer.
 */
export const marks = {
  delivered: 'Micro-Delivered',
  window: 'Micro-Window',
  credit: 'Micro-Credit',
  more: 'Micro-More',
  cancel: 'Micro-Cancel',
  header: 'Micro-Header',
  trailer: 'Micro-Trailer',
} as const;

/** Whether a header belongs to the protocol, so that it cannot carry metadata. */
function isOwned(name: string): boolean {
  if (name.startsWith('micro-')) return name !== 'micro-from-service';
  return (
    name === 'timeout' ||
    name === 'connection' ||
    name === 'accept' ||
    name === 'content-type' ||
    name.startsWith('x-micro-')
  );
}

/** Throws `bad_request` for a key that the protocol uses itself. */
export function checkMetadata(metadata: Metadata): void {
  for (const key in metadata) {
    if (isOwned(key.toLowerCase()))
      throw new MicroError('bad_request', `metadata key "${key}" is a header that the transport sets itself`);
  }
}

export function readMetadata(header: Header): Metadata {
  let found: Record<string, string> | undefined;
  for (const key of header.keys()) {
    const name = key.toLowerCase();
    if (isOwned(name)) continue;
    found ??= Object.create(null) as Record<string, string>;
    if (!(name in found)) found[name] = header.get(key) ?? '';
  }
  return found ?? noMetadata;
}

/** The fields that are the same with each request to a target. */
export function targetFields(target: Target, from: string | undefined): Fields {
  const { contentType, endpoint, service } = target;
  return [
    ...['Accept', contentType, 'Content-Type', contentType],
    ...['Micro-Endpoint', endpoint, 'Micro-Method', endpoint, 'Micro-Service', service],
    ...(from === undefined ? [] : ['Micro-From-Service', from]),
  ];
}

/** Both spellings: of go-micro up to v4.9, and from v4.10 on, which looks it up to the letter. */
export function idFields(id: string): Fields {
  return ['Micro-Id', id, 'Micro-ID', id];
}

export function remainingMs(header: Header): number {
  return readTimeout(header.get('Timeout'));
}

export function idOf(header: Header): string {
  return header.get('Micro-ID') ?? header.get('Micro-Id') ?? '';
}

/** As much as a header may hold where the message system has frames (AMQP: 128 KiB for all of them). */
const maxSaid = 32_768;

/** The metadata of an answer, each as JSON in ASCII: so any key and value arrives as it is. Throws `too_large`. */
export function saidFields({ header, trailer }: ReplyMetadata): Fields {
  const fields: string[] = [];
  if (isAny(header)) fields.push(marks.header, metadataText(header));
  if (isAny(trailer)) fields.push(marks.trailer, metadataText(trailer));
  return fields;
}

/** The same beside an error, which counts for more: metadata that cannot be sent is reported, and left out. */
export function saidBeside(metadata: ReplyMetadata | undefined): Fields {
  try {
    return metadata === undefined ? [] : saidFields(metadata);
  } catch (error) {
    report('plugin.warning', 'the metadata of an error cannot be sent', error);
    return [];
  }
}

function metadataText(metadata: Metadata): string {
  const text = JSON.stringify(metadata).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (text.length <= maxSaid) return text;
  throw new MicroError('too_large', `${text.length} bytes of metadata, ${maxSaid} are the limit`);
}

/** What `saidFields` wrote; undefined: nothing, or nothing that can be read. */
export function saidBy(header: Header): ReplyMetadata | undefined {
  const [first, last] = [header.get(marks.header), header.get(marks.trailer)];
  if (first === undefined && last === undefined) return undefined;
  return { header: readSaid(first), trailer: readSaid(last) };
}

function readSaid(text: string | undefined): Metadata {
  if (text === undefined || text.length > maxSaid) return noMetadata;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return noMetadata; // no server of ours wrote it
  }
  return isObject(read) ? readFields(read) : noMetadata;
}

const maxErrorText = 8192;

/** The fields of an answer that is an error; its message is cut where it would be as large as a body. */
export function errorFields(error: MicroError, delivered: Delivered): Fields {
  const text = encodeError(error, maxErrorText);
  const fields = ['Micro-Error', text, 'X-Micro-Error', text];
  return delivered === 'yes' ? fields : [...fields, marks.delivered, delivered];
}

/** The error that a message is, if it is one. */
export function errorOf(header: Header): MicroError | undefined {
  const text = header.get('Micro-Error');
  return text === undefined || text === '' ? undefined : decodeError(text);
}

/** A mark only servers of ours write: refused before the handler, or ended with its listener. */
export function deliveredBy(header: Header): Delivered {
  const mark = header.get(marks.delivered);
  return mark === 'no' || mark === 'maybe' ? mark : 'yes';
}

/** A positive whole number of bytes, or 0. */
export function bytesOf(header: Header, mark: string): number {
  const text = header.get(mark);
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
}
