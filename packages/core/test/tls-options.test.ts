import { describe, expect, test } from '@jest/globals';
import { tlsClientOptions, tlsServerOptions } from '../src/plugin.ts';

describe("the plugins' one TLS option", () => {
  test('verifies by default, on both sides', () => {
    expect(tlsClientOptions({})).toEqual({ rejectUnauthorized: true });
    expect(tlsServerOptions({ requestClientCert: true }, 5)).toMatchObject({
      ...{ requestCert: true, rejectUnauthorized: true, handshakeTimeout: 5 },
    });
  });

  test('accepts any certificate only where that is said by name', () => {
    expect(tlsClientOptions({ rejectUnauthorized: false }).rejectUnauthorized).toBe(false);
    expect(tlsServerOptions({ requestClientCert: true, rejectUnauthorized: false }, 5)).toMatchObject({
      ...{ requestCert: true, rejectUnauthorized: false },
    });
  });

  test('a server asks clients for no certificate unless it is told to', () => {
    expect(tlsServerOptions({}, 5)).toMatchObject({ requestCert: false, rejectUnauthorized: false });
  });

  test('certificates and keys may be text or bytes, one authority or several', () => {
    const bytes = Uint8Array.of(97);
    expect(tlsClientOptions({ ca: 'a', cert: bytes, key: 'k', passphrase: 'p', serverName: 'host' })).toEqual(
      {
        ...{ ca: 'a', cert: Buffer.from('a'), key: 'k', passphrase: 'p', servername: 'host' },
        rejectUnauthorized: true,
      },
    );
    expect(tlsServerOptions({ ca: ['a', bytes] }, 5).ca).toEqual(['a', Buffer.from('a')]);
    expect(tlsServerOptions({ ca: bytes }, 5).ca).toEqual(Buffer.from('a'));
  });
});
