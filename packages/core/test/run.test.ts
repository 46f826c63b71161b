import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { bundle, start } from './peer-process.ts';

let program = '';
beforeAll(async () => {
  program = join(await bundle(new URL('./run-peer.ts', import.meta.url)), 'run-peer.mjs');
});

describe('run', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'until %s, then finishes what is under way, refuses what comes, and lets the process end',
    async (signal) => {
      const peer = start(program, ['serve']);
      await peer.said('running');
      for (let n = 1; n <= 3; n++) {
        peer.tell('ping'); // it lives without a socket
        await peer.said('pong', n);
      }
      peer.tell('call');
      await peer.said('begun');
      peer.kill(signal);
      await peer.said('beforeStop');
      peer.tell('call until refused');
      await peer.said('unavailable no');
      peer.tell('finish');
      expect(await peer.ended).toEqual([0, null]);
      expect(peer.lines.filter((line) => line !== 'pong')).toEqual([
        ...['beforeStart', 'running', 'begun', 'beforeStop', 'unavailable no'],
        ...['done', 'afterStop', 'ran stopped 0'],
      ]);
      expect(peer.errors).toBe('');
    },
  );

  test('a second signal ends the waiting: the handler is aborted and its caller told', async () => {
    const peer = start(program, ['serve']);
    await peer.said('running');
    peer.tell('call');
    await peer.said('begun');
    peer.kill('SIGTERM');
    await peer.said('beforeStop');
    peer.tell('ping');
    await peer.said('pong');
    expect(peer.lines).not.toContain('aborted');
    peer.kill('SIGINT');
    expect(await peer.ended).toEqual([0, null]);
    expect(peer.lines.slice(-4).sort()).toEqual([
      'aborted',
      'afterStop',
      'ran stopped 0',
      'unavailable maybe',
    ]);
  });

  test('a signal while it starts is no failure, even where a hook never ends', async () => {
    const peer = start(program, ['stuck']);
    await peer.said('beforeStart');
    peer.kill('SIGTERM');
    expect(await peer.ended).toEqual([0, null]);
    expect(peer.lines).toEqual(['beforeStart', 'beforeStop', 'afterStop', 'ran stopped 0']);
  });

  test('a start that fails is told by the exit code and on stderr, and nothing keeps the process', async () => {
    const peer = start(program, ['fail']);
    expect(await peer.ended).toEqual([1, null]);
    expect(peer.errors).toContain('cannot start today');
    expect(peer.lines).toEqual(['beforeStart', 'beforeStop', 'afterStop']);
  });

  test('with --help it prints the flags, and starts nothing', async () => {
    const peer = start(program, ['serve', '--help']);
    expect(await peer.ended).toEqual([0, null]);
    expect(peer.lines[0]).toBe('peer');
    expect(peer.lines).toContainEqual(
      expect.stringMatching(/^ {2}--registry <value> +MICRO_REGISTRY +registry to use: memory$/),
    );
    expect(peer.lines).not.toContain('beforeStart');
  });

  test('a call that waits keeps the process: for the registry until its deadline, and for its next attempt', async () => {
    const index = join(await bundle(new URL('../src/index.ts', import.meta.url)), 'index.mjs');
    const code = `
      import { createClient, memoryRegistry } from '${index}';
      const registry = { ...memoryRegistry(), watch: () => new Promise(() => undefined) };
      const waiting = createClient({ registry });
      const [{ code }] = await Promise.all([100, 50].map((timeoutMs) =>
        waiting.call('s', 'E.Do', 1, { timeoutMs }).catch((e) => e)));
      const again = await createClient().call('nobody', 'E.Do', 1).catch((e) => e);
      console.log(code, again.code);`;
    const peer = start('--', [], ['--input-type=module', '-e', code]);
    expect(await peer.ended).toEqual([0, null]);
    expect(peer.lines).toEqual(['timeout not_found']);
  });

  test.each([
    [['--registry', 'nope'], 'no registry "nope" (have: memory)'],
    [['--nope'], 'unknown argument "--nope": see --help'],
    [['--client_retries=many'], 'MICRO_CLIENT_RETRIES must be a number, not "many"'],
  ])('flags that make no sense (%j) end the process with what is wrong', async (flags, message) => {
    const peer = start(program, ['serve', ...flags]);
    expect(await peer.ended).toEqual([1, null]);
    expect(peer.errors).toContain(message);
  });
});
