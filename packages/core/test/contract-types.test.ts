import { expect, test } from '@jest/globals';
import { z } from 'zod';
import type {
  Bidi,
  CallOptions,
  Client,
  ClientStream,
  Context,
  Contract,
  Handlers,
  MicroClient,
  ServerStream,
  Service,
  Topic,
  Unary,
} from '../src/index.ts';
import { rpc, topic, type } from '../src/index.ts';
import type { Generated, Order, OrderReply, OrderRequest, ShopApi } from './contracts.ts';
import { type WithArktype, WithTypes, type WithValibot, WithZod } from './contracts.ts';

// Held by `tsc -p tsconfig.src.json`: a wrong type is an error there. What runs only keeps the file a test.
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : ['the types differ', A, B];
function same<A, B>(..._proof: Same<A, B>): void {}

interface Asked {
  item: string;
  count?: number | undefined;
  due: string;
}
interface Seen {
  item: string;
  count: number;
  due: Date;
}
type Shop<Request, Handled> = {
  order: Unary<Request, { id: number }, Handled, { id: number }>;
  watch: ServerStream<{ id: number }, { state: string }, { id: number }, { state: string }>;
  total: ClientStream<{ price: number }, { sum: number }, { price: number }, { sum: number }>;
  chat: Bidi<{ say: string }, string, { say: string }, string>;
};
/** The same members, whatever aliases and intersections they were written with. */
type Plain<T> = { [K in keyof T]: T[K] };
type RequestOf<C> =
  C extends Contract<{ order: infer O }>
    ? O extends Unary<infer Request, infer _R, infer Out, infer _S>
      ? [Plain<Request>, Plain<Out>]
      : never
    : never;

test('a contract says what goes in and out, and nothing of the library it was made with', () => {
  same<typeof WithTypes, Contract<Shop<Order, Order>>>();
  same<RequestOf<typeof WithZod>, [Plain<Asked>, Plain<Seen>]>();
  same<RequestOf<typeof WithValibot>, [Plain<Asked>, Plain<Seen>]>();
  same<RequestOf<typeof WithArktype>, [{ item: string; count?: number; due: string }, Plain<Seen>]>();
  type Rest<C> = C extends Contract<infer E> ? Omit<E, 'order'> : never;
  same<Rest<typeof WithZod>, Omit<Shop<Asked, Seen>, 'order'>>();
  same<Rest<typeof WithValibot>, Omit<Shop<Asked, Seen>, 'order'>>();
  same<Rest<typeof WithArktype>, Omit<Shop<Asked, Seen>, 'order'>>();
  same<typeof Generated, Contract<ShopApi>>();
  expect(WithZod.service).toBe('shop');
});

test('the client passes what the schema takes, and gets what the reply gives', () => {
  type Api = Client<(typeof WithZod)['endpoints']>;
  same<Parameters<Api['order']>[1], CallOptions | undefined>();
  same<ReturnType<Api['order']>, Promise<{ id: number }>>();
  same<Api['watch'], (request: { id: number }, options?: CallOptions) => AsyncIterable<{ state: string }>>();
  same<
    Api['total'],
    (requests: AsyncIterable<{ price: number }>, options?: CallOptions) => Promise<{ sum: number }>
  >();
  same<
    Api['chat'],
    (requests: AsyncIterable<{ say: string }>, options?: CallOptions) => AsyncIterable<string>
  >();
  type Made = Client<ShopApi>;
  same<Made['order'], (request: OrderRequest, options?: CallOptions) => Promise<OrderReply>>();
  const use = async (shop: Client<(typeof WithTypes)['endpoints']>): Promise<void> => {
    await shop.order({ item: 'a', due: 'b' }, { timeoutMs: 1 });
    // @ts-expect-error a field is missing
    await shop.order({ item: 'a' });
    // @ts-expect-error a field has the wrong type
    await shop.order({ item: 1, due: 'b' });
    // @ts-expect-error there is no such option
    await shop.order({ item: 'a', due: 'b' }, { timeout: 1 });
    // @ts-expect-error there is no such endpoint
    await shop.oder({ item: 'a', due: 'b' });
    // @ts-expect-error one reply is no stream
    for await (const _ of shop.order({ item: 'a', due: 'b' }));
    for await (const { state } of shop.watch({ id: 1 })) same<typeof state, string>();
  };
  expect(use).toBeInstanceOf(Function);
});

test('a handler gets what the schema made of the request, and gives what the reply takes', () => {
  type Of<C> = C extends Contract<infer E> ? Handlers<E> : never;
  same<Plain<Parameters<Of<typeof WithZod>['order']>[0]>, Plain<Seen>>();
  same<Plain<Parameters<Of<typeof WithValibot>['order']>[0]>, Plain<Seen>>();
  same<Plain<Parameters<Of<typeof WithArktype>['order']>[0]>, Plain<Seen>>();
  same<Parameters<Of<typeof Generated>['order']>, [request: OrderRequest, ctx: Context]>();
  const add = (service: Service): void => {
    service.handle(WithZod, {
      order: ({ due, count }, ctx) => {
        same<typeof due, Date>();
        same<typeof count, number>();
        same<typeof ctx, Context>();
        return { id: 1 };
      },
      async *watch({ id }) {
        yield { state: `${id}` };
      },
      async total(prices) {
        let sum = 0;
        for await (const { price } of prices) sum += price;
        return { sum };
      },
      async *chat(messages) {
        for await (const { say } of messages) yield say;
      },
    });
    // @ts-expect-error handlers are missing
    service.handle(WithTypes, { order: () => ({ id: 1 }) });
    const rest = { total: () => ({ sum: 0 }), async *chat() {} };
    const order = () => ({ id: 1 });
    async function* watch() {
      yield { state: 'new' };
    }
    service.handle(WithTypes, { ...rest, order, watch });
    // @ts-expect-error the reply has the wrong type
    service.handle(WithTypes, { ...rest, watch, order: () => ({ id: 'one' }) });
    service.handle(WithTypes, {
      ...{ ...rest, order },
      // @ts-expect-error what is streamed has the wrong type
      async *watch() {
        yield { state: 1 };
      },
    });
    // @ts-expect-error there is no such endpoint
    service.handle(WithTypes, { ...rest, order, watch, more: () => undefined });
  };
  expect(add).toBeInstanceOf(Function);
});

test('an endpoint needs a request and a response, and no other options than it has', () => {
  const text = type<string>();
  const make = (): unknown[] => [
    // @ts-expect-error no response
    rpc({ request: text }),
    // @ts-expect-error no schema
    rpc({ request: 'text', response: text }),
    // @ts-expect-error misspelt
    rpc({ request: text, response: text, idempotant: true }),
  ];
  expect(make).toBeInstanceOf(Function);
});

test('a call without a contract gives unknown, or what its schema gives', () => {
  const use = async (client: MicroClient): Promise<void> => {
    const raw = await client.call('shop', 'Shop.Order', {});
    same<typeof raw, unknown>();
    const read = await client.call('shop', 'Shop.Order', {}, { response: type<{ id: number }>() });
    same<typeof read, { id: number }>();
    const options = { response: type<string>() };
    const text = await client.call('shop', 'Shop.Order', {}, options);
    same<typeof text, string>();
  };
  expect(use).toBeInstanceOf(Function);
});

test('an event is published as the schema takes it, and handled as the schema gives it', () => {
  const News = topic('news', z.object({ at: z.string().transform((text) => new Date(text)) }));
  same<typeof News, Topic<{ at: string }, { at: Date }>>();
  const use = async (client: MicroClient, service: Service): Promise<void> => {
    await client.publish(News, { at: 'now' });
    // @ts-expect-error not the event
    await client.publish(News, { at: 1 });
    service.subscribe(News, ({ at }) => same<typeof at, Date>());
  };
  expect(use).toBeInstanceOf(Function);
});
