import { type Metadata, MicroError, noMetadata, type Target } from '@micro/core';
import { type SocketAddress, writeTimeout } from '@micro/core/plugin';
import { headerValue, writeMetadata } from './metadata.ts';

/** Makes the start and the headers of requests to one address; what is the same for each call of a target, once. */
export class RequestLines {
  private readonly host: string;
  private readonly from: string;
  private readonly maxBytes: number;
  private readonly heads: string[] = [];
  private sequence = 0;

  constructor(target: SocketAddress, from: string | undefined, maxHeaderBytes: number) {
    this.host = target.path === undefined ? target.text : 'localhost';
    this.from = from === undefined ? '' : `Micro-From-Service: ${headerValue('service', from)}\r\n`;
    this.maxBytes = maxHeaderBytes / 2;
  }

  nextId(): string {
    return String(this.sequence++);
  }

  /** Throws `bad_request`. */
  head(target: Target): string {
    const known = this.heads[target.index];
    if (known !== undefined) return known;
    const type = headerValue('content type', target.contentType);
    const endpoint = headerValue('endpoint', target.endpoint);
    const head =
      `POST / HTTP/1.1\r\nHost: ${this.host}\r\nAccept: ${type}\r\nContent-Type: ${type}\r\n` +
      `Micro-Endpoint: ${endpoint}\r\nMicro-Method: ${endpoint}\r\n` +
      `Micro-Service: ${headerValue('service', target.service)}\r\n${this.from}`;
    if (target.index > 0) this.heads[target.index] = head;
    return head;
  }

  /** The lines that differ from call to call. Throws `bad_request`, and `too_large` for the metadata. */
  own(id: string, deadline: number, metadata: Metadata | undefined): string {
    const timeout = deadline === 0 ? '' : `Timeout: ${writeTimeout(deadline)}\r\n`;
    const extra = metadata === undefined || metadata === noMetadata ? '' : writeMetadata(metadata);
    if (extra.length <= this.maxBytes) return `Micro-Id: ${id}\r\n${timeout}${extra}`;
    throw new MicroError(
      'too_large',
      `${extra.length} bytes of metadata, ${this.maxBytes} are the limit (maxHeaderBytes / 2)`,
    );
  }
}
