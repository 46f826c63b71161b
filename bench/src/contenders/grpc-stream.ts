import '@micro/transport-grpc';
import {
  type Bidi,
  type Contract,
  contract,
  createClient,
  createService,
  memoryRegistry,
  type PluginOptions,
  rpc,
  stream,
  type,
} from '@micro/core';
import type { Contender, Message } from '../contender.ts';
import { Answers } from './answers.ts';

const Bench: Contract<{ chat: Bidi<Message, Message> }> = contract('bench', 'Bench', {
  chat: rpc({ request: stream(type<Message>()), response: stream(type<Message>()) }),
});
const plugins: PluginOptions = { transport: 'grpc', broker: 'memory', codec: 'json' };

/** Messages and answers on one stream of @micro over its gRPC transport. */
export const grpcStream: Contender = {
  async serve(work) {
    const service = createService({
      name: 'bench',
      ...plugins,
      registry: 'memory',
      ambient: false,
      address: '127.0.0.1:0',
    });
    service.handle(Bench, {
      async *chat(messages) {
        for await (const message of messages) yield await work.handle(message);
      },
    });
    await service.start();
    return { address: service.address ?? '', close: () => service.stop() };
  },
  async connect(address) {
    const registry = memoryRegistry({ network: 'bench-client' });
    const node = { id: 'bench-1', address, metadata: {} };
    const record = { name: 'bench', version: 'latest', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 86_400_000 });
    const client = createClient({ ...plugins, registry, ambient: false });
    const answers = new Answers();
    const requests = new Requests();
    const reading = (async () => {
      for await (const reply of client.of(Bench).chat(requests)) answers.give(reply);
    })();
    return {
      call(request) {
        requests.push(request);
        return answers.wait();
      },
      async close() {
        requests.end();
        await reading;
        await client.close();
      },
    };
  },
};

/** What the lanes send, as the stream reads it. */
class Requests implements AsyncIterable<Message>, AsyncIterator<Message> {
  private readonly ready: Message[] = [];
  private waiting: ((result: IteratorResult<Message>) => void) | undefined;
  private ended = false;

  push(message: Message): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.ready.push(message);
    else waiting({ done: false, value: message });
  }

  end(): void {
    this.ended = true;
    this.waiting?.({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Message>> {
    const value = this.ready.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
