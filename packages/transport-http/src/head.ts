/** Why a message is refused, and with which status a server says so. */
export interface Refusal {
  readonly status: 400 | 413 | 417 | 429 | 431;
  readonly reason: string;
}

export interface HeadLimits {
  readonly maxHeaders: number;
  readonly maxBodyBytes: number;
}

type Field =
  | 'id'
  | 'service'
  | 'endpoint'
  | 'method'
  | 'stream'
  | 'error'
  | 'delivered'
  | 'from'
  | 'type'
  | 'timeout'
  | 'accept'
  | 'upgrade';
const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['micro-id', 'id'],
  ['micro-service', 'service'],
  ['micro-endpoint', 'endpoint'],
  ['micro-method', 'method'],
  ['micro-stream', 'stream'],
  ['micro-error', 'error'],
  ['micro-delivered', 'delivered'],
  ['micro-from-service', 'from'],
  ['content-type', 'type'],
  ['timeout', 'timeout'],
  ['accept', 'accept'],
  ['upgrade', 'upgrade'],
]);

/** What comes before a body: what the protocol reads of it, and all of it as text. Absent is `''`. */
export class Head {
  /** Without the blank line; one character for each byte. */
  text = '';
  /** Of a response. */
  status = 0;
  /** Of the body; -1: not said. */
  length = -1;
  chunked = false;
  /** No message follows on this connection. */
  close = false;
  /** `Expect: 100-continue` */
  expects = false;
  id = '';
  service = '';
  endpoint = '';
  method = '';
  stream = '';
  error = '';
  delivered = '';
  from = '';
  /** `Content-Type` */
  type = '';
  timeout = '';
  accept = '';
  /** `Upgrade` */
  upgrade = '';
  hosts = 0;
  lines = 0;
  /** It has lines that the protocol does not read. */
  more = false;
  old = false;

  /** By hand: seven times as fast as `Object.assign`. */
  copy(): Head {
    const head = new Head();
    head.text = this.text;
    head.status = this.status;
    head.length = this.length;
    head.chunked = this.chunked;
    head.close = this.close;
    head.expects = this.expects;
    head.id = this.id;
    head.service = this.service;
    head.endpoint = this.endpoint;
    head.method = this.method;
    head.stream = this.stream;
    head.error = this.error;
    head.delivered = this.delivered;
    head.from = this.from;
    head.type = this.type;
    head.timeout = this.timeout;
    head.accept = this.accept;
    head.upgrade = this.upgrade;
    head.hosts = this.hosts;
    head.lines = this.lines;
    head.more = this.more;
    head.old = this.old;
    return head;
  }
}

const request = /^(?:GET|POST|PUT|PATCH|DELETE|OPTIONS) \/[\x21-\x7e]{0,4095} HTTP\/1\.([01])$/;
const response = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const control = /[^\t\x20-\x7e\x80-\xff]/;
const closing = /(?:^|[\t ,])close(?:$|[\t ,])/i;
const staying = /(?:^|[\t ,])keep-alive(?:$|[\t ,])/i;

/** Spellings of header names that were seen to be tokens, with their lower case: a bounded memory. */
const spellings = new Map<string, string>();
function lowerName(raw: string): string | undefined {
  const known = spellings.get(raw);
  if (known !== undefined) return known;
  if (!token.test(raw)) return undefined;
  const name = raw.toLowerCase();
  if (spellings.size < 512 && raw.length <= 64) spellings.set(raw, name);
  return name;
}

/** The value between two places of the text, without the blanks around it (RFC 9110 §5.5: space and tab only). */
export function trimmed(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}
function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

const refuse = (reason: string, status: Refusal['status'] = 400): Refusal => ({ status, reason });
const changing = new Set(['micro-id', 'timeout', 'content-length']);
const maxBegun = 8;

/**
 * Reads heads strictly (RFC 9112, and narrower where implementations are known to differ). Messages between the
 * same two peers begin with the same lines, up to the first that changes with each: those are read once.
 */
export class HeadParser {
  private readonly startLine: RegExp;
  private readonly limits: HeadLimits;
  private readonly begun: Head[] = [];
  private turn = 0;

  constructor(kind: 'request' | 'response', limits: HeadLimits) {
    this.startLine = kind === 'request' ? request : response;
    this.limits = limits;
  }

  parse(text: string): Head | Refusal {
    const same = this.begun.find((begin) => text.slice(0, begin.text.length) === begin.text);
    const head = same?.copy() ?? new Head();
    let at = head.text.length;
    head.text = text;
    if (same === undefined) {
      at = endOfLine(text, 0);
      const start = this.startLine.exec(text.slice(0, at));
      if (start === null) return refuse('start line');
      head.old = start[1] === '0';
      head.close = head.old;
      head.status = Number(start[2] ?? 0);
      at += 2;
    }
    let begin: Head | undefined;
    while (at < text.length) {
      const end = endOfLine(text, at);
      const colon = text.indexOf(':', at);
      if (colon < 0 || colon >= end) return refuse('header line without a colon');
      const name = lowerName(text.slice(at, colon));
      if (name === undefined) return refuse('header name');
      if (same === undefined && begin === undefined && changing.has(name)) {
        begin = head.copy();
        begin.text = text.slice(0, at);
      }
      const refusal = this.line(head, name, trimmed(text, colon + 1, end));
      if (refusal !== undefined) return refusal;
      at = end + 2;
    }
    const refusal = this.framing(head);
    if (refusal !== undefined) return refusal;
    if (begin !== undefined) this.begun[this.turn++ % maxBegun] = begin;
    return head;
  }

  private line(head: Head, name: string, value: string): Refusal | undefined {
    if (control.test(value)) return refuse('control character in a header');
    if (++head.lines > this.limits.maxHeaders) return refuse('too many headers', 431);
    const field = fields.get(name);
    if (field !== undefined) {
      if (head[field] === '') head[field] = value; // go-micro: the first value counts
    } else if (name === 'content-length') {
      if (!/^[0-9]{1,15}$/.test(value) || head.length >= 0) return refuse('Content-Length');
      head.length = Number(value);
      if (head.length > this.limits.maxBodyBytes) return refuse('body too large', 413);
    } else if (name === 'transfer-encoding') {
      if (value.toLowerCase() !== 'chunked' || head.chunked || head.old) return refuse('Transfer-Encoding');
      head.chunked = true;
    } else if (name === 'connection') {
      if (closing.test(value)) head.close = true;
      else if (head.old && staying.test(value)) head.close = false;
    } else if (name === 'host') {
      head.hosts++;
    } else if (name === 'expect') {
      if (value.toLowerCase() !== '100-continue') return refuse('Expect', 417);
      head.expects = !head.old;
    } else head.more = true;
    return undefined;
  }

  private framing(head: Head): Refusal | undefined {
    if (head.chunked && head.length >= 0) return refuse('both Content-Length and chunked');
    if (head.status === 0) {
      if (head.hosts > 1 || (head.hosts === 0 && !head.old)) return refuse('Host');
    } else if (head.status < 200 || head.status === 204 || head.status === 304) {
      if (head.chunked || head.length > 0) return refuse('a body where none can be');
    } else if (head.length < 0 && !head.chunked) {
      return refuse('response without a length');
    }
    if (head.length < 0) head.length = 0;
    return undefined;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}
