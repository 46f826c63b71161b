import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import fc from 'fast-check';
import { statusOf } from '../src/errors.ts';
import {
  type Code,
  contract,
  counters,
  isMicroError,
  MicroError,
  PermanentError,
  rpc,
  type,
} from '../src/index.ts';
import { codeOf, decodeError, encodeError } from '../src/plugin.ts';
import { client, network, service } from './fleet.ts';

describe('errors between caller and handler', () => {
  const Work = contract('work', 'Work', { do: rpc({ request: type<string>(), response: type<string>() }) });

  async function told(thrown: unknown): Promise<unknown> {
    const around = network();
    const made = service({ ...around, name: 'work' });
    made.handle(Work, {
      do: () => {
        throw thrown;
      },
    });
    await made.start();
    return client(around)
      .of(Work)
      .do('x')
      .catch((error: unknown) => error);
  }

  test('a MicroError arrives with its code, status, id and message; the id is the service where it had none', async () => {
    const thrown = new MicroError('conflict', 'twice', { status: 418, id: 'me', cause: new Error('secret') });
    expect(await told(thrown)).toMatchObject({ code: 'conflict', message: 'twice', status: 418, id: 'me' });
    expect(await told(new MicroError('forbidden', 'no'))).toMatchObject({ id: 'work', status: 403 });
    const permanent = await told(new PermanentError('bad_request', 'never'));
    expect(permanent).toMatchObject({ code: 'bad_request', message: 'never' });
  });

  test('a MicroError thrown is copied: it may be frozen or kept, and neither its cause nor its stack is told', async () => {
    const kept = Object.freeze(new MicroError('conflict', 'taken', { id: 'me', cause: new Error('secret') }));
    for (let n = 0; n < 2; n++) {
      const error = await told(kept);
      if (!isMicroError(error, 'conflict')) throw new Error('another error');
      expect(error).toMatchObject({ message: 'taken', id: 'me', delivered: 'yes' });
      expect(error.cause).toBeUndefined();
      expect(error.stack).not.toContain('errors.test');
    }
    expect(kept.delivered).toBeUndefined();
  });

  test.each([
    ['an Error', new Error('secret')],
    ['a string', 'secret'],
    ['undefined', undefined],
    ['null', null],
    ['a symbol', Symbol('secret')],
    ['an object without a prototype', Object.create(null)],
    ['a lookalike', { code: 'conflict', status: 409, message: 'secret' }],
  ])('%s thrown is internal, tells nothing, and is counted', async (_, thrown) => {
    const before = counters()['call.failed'] ?? 0;
    const error = await told(thrown);
    if (!isMicroError(error, 'internal')) throw new Error('another error');
    expect(error).toMatchObject({ message: 'Work.Do failed', id: 'work', status: 500 });
    expect(error.cause).toBeUndefined();
    expect(counters()['call.failed']).toBe(before + 1);
  });

  test('a reply with a getter that throws fails its call alone', async () => {
    const around = network();
    const made = service({ ...around, name: 'work' });
    const trap = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('trap');
      },
    });
    made.handle(Work, { do: (request) => (request === 'trap' ? JSON.parse('{}', () => trap) : 'fine') });
    await made.start();
    const { do: call } = client(around).of(Work);
    const calls = [call('trap', { timeoutMs: 100 }), call('x'), call('y')];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    await eventually(async () => (await call('z')) === 'fine');
  });
});

describe('errors on the wire', () => {
  const codes = Object.keys(statusOf) as Code[];
  const anyError = fc.record({
    code: fc.constantFrom(...codes),
    message: fc.string({ unit: 'binary' }),
    id: fc.string({ unit: 'binary' }),
  });

  test('what is encoded is printable ASCII, and decodes to the same', () => {
    fc.assert(
      fc.property(anyError, ({ code, message, id }) => {
        const text = encodeError(new MicroError(code, message, { id }));
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeError(text)).toMatchObject({ code, message, id, status: statusOf[code] });
      }),
    );
  });

  test('whatever comes is an error: never a throw, a prototype, or a number that is none', () => {
    const fields = fc.record(
      { id: fc.anything(), code: fc.anything(), detail: fc.anything(), __proto__: fc.anything() },
      { requiredKeys: [] },
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fields.map((value) => JSON.stringify(value) ?? ''),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const error = decodeError(text);
        expect(isMicroError(error)).toBe(true);
        expect(codes).toContain(error.code);
        expect(Number.isInteger(error.status) && error.status > 0).toBe(true);
        expect([typeof error.message, typeof error.id]).toEqual(['string', 'string']);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['plain text', 'internal', 500, 'plain text'],
    ['', 'internal', 500, ''],
    ['["a"]', 'internal', 500, '["a"]'],
    ['"text"', 'internal', 500, '"text"'],
    ['{}', 'internal', 500, ''],
    ['{"code":1e999,"detail":"x"}', 'internal', 500, 'x'],
    ['{"code":404.5,"detail":"x"}', 'internal', 500, 'x'],
    ['{"code":-404}', 'internal', 500, ''],
    ['{"code":418,"detail":"x"}', 'bad_request', 418, 'x'],
    ['{"code":599}', 'internal', 599, ''],
    ['{"id":7,"code":408,"detail":{}}', 'timeout', 408, ''],
  ])('%s is %s %i', (text, code, status, message) => {
    expect(decodeError(text)).toMatchObject({ code, status, message });
  });

  test('every code comes back from its number', () => {
    for (const code of codes) expect(codeOf(statusOf[code])).toBe(code);
  });

  test('a decoded error has no stack, and those made next have theirs', () => {
    expect(decodeError('x').stack?.split('\n')).toHaveLength(1);
    expect(new Error('next').stack?.split('\n').length).toBeGreaterThan(1);
  });
});

describe('MicroError.from', () => {
  test('keeps what is one, and wraps anything else', () => {
    const error = new MicroError('conflict', 'x');
    expect(MicroError.from(error)).toBe(error);
    for (const thrown of ['text', 7, undefined, null, Symbol('s'), Object.create(null), [], () => 1]) {
      const wrapped = MicroError.from(thrown, 'timeout');
      expect(wrapped).toMatchObject({ code: 'timeout', name: 'MicroError' });
      expect(typeof wrapped.message).toBe('string');
    }
  });
});
