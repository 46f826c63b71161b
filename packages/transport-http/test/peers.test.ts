import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Listener, Transport } from '@micro/core';
import { Pool } from 'undici';
import { httpTransport } from '../src/index.ts';
import { dialable, TestAcceptor } from './world.ts';

const run = promisify(execFile);
let transport: Transport;
let listener: Listener;
let url: string;
beforeEach(async () => {
  transport = httpTransport({ frames: false });
  listener = await transport.listen(new TestAcceptor(), { address: '127.0.0.1:0' });
  url = `http://${dialable(listener)}/`;
});
afterEach(() => transport.close());

describe('other clients', () => {
  const curl = hasCurl();
  (curl ? test : test.skip)(curl ? 'curl calls' : 'curl calls (skipped: curl is not installed)', async () => {
    const json = ['-H', 'Content-Type: application/json'];
    const echo = ['-H', 'Micro-Endpoint: Test.echo'];
    const plain = await run('curl', [
      '-sS',
      ...json,
      ...echo,
      '-d',
      '{"a":"ü"}',
      url,
      '--next',
      '-sS',
      ...json,
      ...echo,
      '-d',
      '2',
      url,
    ]);
    expect(plain.stdout).toBe('{"a":"ü"}\n2\n');
    // curl waits to be told, and then sends chunks
    const waits = ['-H', 'Expect: 100-continue', '-H', 'Transfer-Encoding: chunked'];
    const chunked = await run('curl', ['-sS', ...json, ...echo, ...waits, '-d', '"chunks"', url]);
    expect(chunked.stdout).toBe('"chunks"\n');
    const old = await run('curl', [
      '-sS',
      '-0',
      '-i',
      ...json,
      '-H',
      'Micro-Endpoint: Test.fail',
      '-d',
      '{}',
      url,
    ]);
    expect(old.stdout).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*Micro-Error: \{"id":"greeter","code":404/);
    const get = await run('curl', ['-sS', '-i', url]);
    expect(get.stdout).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test('undici calls, on kept connections', async () => {
    const pool = new Pool(url, { connections: 4 });
    const headers = { 'content-type': 'application/json', 'micro-endpoint': 'Test.echo' };
    const replies = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const reply = await pool.request({ path: '/', method: 'POST', headers, body: `{"n":${index}}` });
        return reply.body.json();
      }),
    );
    expect(replies).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })));
    await pool.close();
  });
});

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // the title says so
  }
}
