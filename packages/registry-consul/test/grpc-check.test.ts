import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { consulRegistry } from '../src/index.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Answers grpc.health.v1's Check with SERVING for one service, and NOT_FOUND for others. Resolves with its port. */
async function healthy(service: string): Promise<{ readonly port: number; end(): void }> {
  const server = new Server();
  const bytes = (value: Buffer): Buffer => value;
  const check = {
    ...{ path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false },
    ...{ requestSerialize: bytes, requestDeserialize: bytes },
    ...{ responseSerialize: bytes, responseDeserialize: bytes },
  };
  server.addService(
    { check },
    {
      check(
        { request }: { readonly request: Buffer },
        answer: (error: object | null, value?: Buffer) => void,
      ) {
        // Field 1 of the request is the service; of the answer, the status: 1 is SERVING
        if (request.subarray(2).toString() === service) answer(null, Buffer.from([8, 1]));
        else answer({ code: 5, details: 'unknown service' });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const end = (): void => server.forceShutdown();
  undo.push(end);
  return { port, end };
}

await describeBackend('consul', ({ start }) => {
  test('by grpc, a node is there while its service says that it serves', async () => {
    const { url: address } = await start();
    const { port, end } = await healthy('greeter');
    const found = async (service: string): Promise<number> => {
      const check = { type: 'grpc', service, intervalMs: 1_000 } as const;
      const registry = consulRegistry({ address, check });
      undo.push(() => registry.close());
      const nodes = [{ id: `${service}-1`, address: `127.0.0.1:${port}`, metadata: {} }];
      const record = { name: service, version: '1', metadata: {}, endpoints: [], nodes };
      await registry.register(record, { ttlMs: 10_000 });
      const count = async (): Promise<number> => (await registry.getService(service)).length;
      if (service === 'greeter') await eventually(async () => expect(await count()).toBe(1));
      else
        await eventually(async () =>
          expect(await critical(address, `${service}-1`)).toMatch(/unknown service/),
        );
      return count();
    };
    expect(await found('greeter')).toBe(1);
    expect(await found('stranger')).toBe(0);
    end();
    const registry = consulRegistry({ address });
    undo.push(() => registry.close());
    await eventually(async () => expect(await registry.getService('greeter')).toEqual([]));
  });
});

/** What the agent says of a node's check. */
async function critical(url: string, id: string): Promise<string> {
  const checks: unknown = await (await fetch(`${url}/v1/agent/checks`)).json();
  return JSON.stringify(Reflect.get(Object(checks), `service:${id}`));
}
