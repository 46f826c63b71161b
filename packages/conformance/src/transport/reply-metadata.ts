import assert from 'node:assert/strict';
import { type Metadata, MicroError, type ReplyMetadata } from '@micro/core';
import { entries, oddMetadata } from '../expectations.ts';
import { dial, textOf } from './client.ts';
import { nasty, reserved } from './failures.ts';
import type { TransportCase } from './harness.ts';
import { serve } from './server.ts';

const needs = ['reply-metadata'];

/** Header and trailer as entries; nothing and no metadata are the same. */
function listed({ header, trailer }: ReplyMetadata = {}): unknown {
  const list = (metadata: Metadata | undefined): unknown => entries(metadata ?? {});
  return { header: list(header), trailer: list(trailer) };
}
// gRPC knows ASCII alone, and grpc-js loses a key that is no name in a plain object
const { unicode = '', ['__proto__']: _, ...plain } = oddMetadata();
const odd: ReplyMetadata = { header: plain, trailer: { ...plain, plain: 'another' } };

/** Metadata of answers. */
export const replyMetadataCases: readonly TransportCase[] = [
  {
    name: 'carries metadata with a reply and with an error, header and trailer apart, and what has none comes without',
    needs,
    async run(scope) {
      const error = new MicroError('conflict', 'no', { id: 'test' });
      const answers: Readonly<Record<string, ReplyMetadata>> = {
        both: odd,
        header: { header: { one: '1' } },
        trailer: { trailer: { two: '2' } },
        none: {},
      };
      const server = await serve(scope, {
        call({ incoming }) {
          const [how = '', which = ''] = textOf(incoming.body).split(' ');
          if (how === 'error') incoming.fail(error, 'yes', answers[which]);
          else incoming.reply(incoming.body, answers[which]);
        },
      });
      const client = await dial(scope, server.address);
      const large = ' '.repeat(scope.harness.maxBody ?? 1_000_000).slice(100);
      for (const [which, metadata] of Object.entries(answers)) {
        for (const body of [`reply ${which}`, `error ${which}`, `reply ${which} ${large}`]) {
          const outcome = await scope.within(client.send(body).outcome, body.slice(0, 20));
          const what = body.slice(0, 20);
          assert.equal(outcome.error?.code, body.startsWith('error') ? 'conflict' : undefined, what);
          if (outcome.body !== undefined) assert.ok(textOf(outcome.body) === body, what);
          assert.deepEqual(listed(outcome.metadata), listed(metadata), what);
        }
      }
      assert.equal(textOf(await client.call('still well')), 'still well');
      assert.ok(!Reflect.has({}, 'plain'), 'Object.prototype was changed');
    },
  },
  {
    name: 'reply metadata that the protocol cannot spell arrives as it is or fails the call, and never as something else',
    needs,
    async run(scope) {
      let metadata: ReplyMetadata = {};
      const server = await serve(scope, {
        call: ({ incoming }) => incoming.reply(incoming.body, metadata),
      });
      const client = await dial(scope, server.address);
      const all = [
        { unicode },
        JSON.parse('{"__proto__":"not a prototype"}') as Metadata,
        ...nasty,
        ...Object.entries(reserved).map(([key, value]) => ({ [key]: value })),
      ];
      for (const one of all) {
        for (metadata of [{ header: one }, { trailer: one }]) {
          const outcome = await scope.within(client.send('body').outcome, 'an answer');
          const what = JSON.stringify(metadata);
          if (outcome.error !== undefined) {
            assert.equal(outcome.error.code, 'bad_request', `${what}: ${outcome.error.message}`);
            assert.equal(outcome.delivered, 'yes', what);
            continue;
          }
          assert.equal(textOf(outcome.body), 'body', what);
          assert.deepEqual(listed(outcome.metadata), listed(metadata), what);
        }
      }
      metadata = {};
      assert.equal(textOf(await client.call('still well')), 'still well');
    },
  },
  {
    name: 'a stream has its header before the first message, and its trailer with the end, also of an error',
    needs: [...needs, 'streams'],
    async run(scope) {
      const error = new MicroError('conflict', 'no', { id: 'test' });
      const server = await serve(scope, {
        async stream({ from }) {
          await from.until(() => from.bodies.length > 0);
          const [how = '', count = ''] = textOf(from.bodies[0]).split(' ');
          if (how !== 'none') from.sink?.header?.(odd.header ?? {});
          for (let index = 0; index < Number(count); index++) from.write('item');
          if (how === 'error') from.abort(error, 'yes', { trailer: odd.trailer });
          else from.finish(how === 'none' ? undefined : { trailer: odd.trailer });
        },
      });
      const client = await dial(scope, server.address);
      for (const how of ['end 3', 'error 3', 'end 0', 'error 0', 'none 3', 'none 0']) {
        const stream = client.open('bidi');
        stream.write(how);
        await stream.until(() => stream.over);
        assert.equal(stream.failure?.error.code, how.startsWith('error') ? 'conflict' : undefined, how);
        assert.equal(stream.bodies.length, Number(how.slice(-1)), how);
        assert.deepEqual(listed(stream.said), listed(how.startsWith('none') ? {} : odd), how);
      }
    },
  },
];
