import type { Fields } from '@micro/sessions';

/** The types Message (64) and map[string]string (65), as Go's encoder defines them before a first message. */
const definitions = Buffer.from(
  '297f030101074d65737361676501ff80000102010648656164657201ff82000104426f6479010a000000' +
    '21ff81040101116d61705b737472696e675d737472696e6701ff8200010c010c0000',
  'hex',
);
const messageType = Buffer.of(0xff, 0x80);
const end = Buffer.of(0);

/** Writes messages of go-micro's tcp transport, for one connection. */
export class GobWriter {
  private defined = false;

  /** The chunks of a message; the body is not copied. */
  message(fields: Fields, body: Uint8Array): readonly Uint8Array[] {
    const header: Uint8Array[] = [messageType, uint(1), uint(fields.length / 2)];
    for (const text of fields) {
      const bytes = Buffer.from(text);
      header.push(uint(bytes.length), bytes);
    }
    // a field without a value is left out
    if (body.length > 0) header.push(uint(1), uint(body.length));
    let length = body.length + end.length;
    for (const part of header) length += part.length;
    const chunks = [uint(length), ...header];
    if (!this.defined) chunks.unshift(definitions);
    this.defined = true;
    return body.length > 0 ? [Buffer.concat(chunks), body, end] : [Buffer.concat(chunks), end];
  }
}

function uint(value: number): Buffer {
  if (value < 128) return Buffer.of(value);
  if (value < 256) return Buffer.of(0xff, value);
  const bytes = Buffer.alloc(5);
  bytes[0] = 0xfc;
  bytes.writeUInt32BE(value, 1);
  return bytes;
}
