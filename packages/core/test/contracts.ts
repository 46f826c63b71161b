import { type as ark } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import {
  type Contract,
  contract,
  MicroError,
  rpc,
  type Schema,
  type ServerStream,
  stream,
  type,
  type Unary,
} from '../src/index.ts';

// One service, declared with every way there is: the same wire, and the same types but for what a schema transforms.

/** zod: a default and a transform make the client's view differ from the server's. */
export const WithZod = contract('shop', 'Shop', {
  order: rpc({
    request: z.object({
      item: z.string().min(1),
      count: z.number().default(1),
      due: z.string().transform((text) => new Date(text)),
    }),
    response: z.object({ id: z.number() }),
  }),
  watch: rpc({ request: z.object({ id: z.number() }), response: stream(z.object({ state: z.string() })) }),
  total: rpc({ request: stream(z.object({ price: z.number() })), response: z.object({ sum: z.number() }) }),
  chat: rpc({ request: stream(z.object({ say: z.string() })), response: stream(z.string()) }),
});

export const WithValibot = contract('shop', 'Shop', {
  order: rpc({
    request: v.object({
      item: v.pipe(v.string(), v.minLength(1)),
      count: v.optional(v.number(), 1),
      due: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    }),
    response: v.object({ id: v.number() }),
  }),
  watch: rpc({ request: v.object({ id: v.number() }), response: stream(v.object({ state: v.string() })) }),
  total: rpc({ request: stream(v.object({ price: v.number() })), response: v.object({ sum: v.number() }) }),
  chat: rpc({ request: stream(v.object({ say: v.string() })), response: stream(v.string()) }),
});

export const WithArktype = contract('shop', 'Shop', {
  order: rpc({
    request: ark({ item: 'string > 0', count: 'number = 1', due: 'string.date.parse' }),
    response: ark({ id: 'number' }),
  }),
  watch: rpc({ request: ark({ id: 'number' }), response: stream(ark({ state: 'string' })) }),
  total: rpc({ request: stream(ark({ price: 'number' })), response: ark({ sum: 'number' }) }),
  chat: rpc({ request: stream(ark({ say: 'string' })), response: stream(ark('string')) }),
});

export interface Order {
  item: string;
  count?: number | undefined;
  due: string;
}

/** Plain types: nothing is checked when it runs. */
export const WithTypes = contract('shop', 'Shop', {
  order: rpc({ request: type<Order>(), response: type<{ id: number }>() }),
  watch: rpc({ request: type<{ id: number }>(), response: stream(type<{ state: string }>()) }),
  total: rpc({ request: stream(type<{ price: number }>()), response: type<{ sum: number }>() }),
  chat: rpc({ request: stream(type<{ say: string }>()), response: stream(type<string>()) }),
});

// As a generator writes it: interface and schema of one name, and the contract's type spelt out.
export interface OrderRequest {
  readonly item: string;
}
export const OrderRequest: Schema<OrderRequest> = message((value) =>
  typeof value === 'object' && value !== null && 'item' in value && typeof value.item === 'string'
    ? { item: value.item }
    : undefined,
);
export interface OrderReply {
  readonly id: number;
}
export const OrderReply: Schema<OrderReply> = message((value) =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number'
    ? { id: value.id }
    : undefined,
);
export interface ShopApi {
  readonly order: Unary<OrderRequest, OrderReply>;
  readonly watch: ServerStream<OrderRequest, OrderReply>;
}
export const Generated: Contract<ShopApi> = contract('shop', 'Shop', {
  order: rpc({ request: OrderRequest, response: OrderReply }),
  watch: rpc({ request: OrderRequest, response: stream(OrderReply) }),
});

function message<T>(read: (value: unknown) => T | undefined): Schema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'generated',
      validate(value) {
        const found = read(value);
        if (found === undefined) return { issues: [{ message: 'not the message', path: ['item'] }] };
        if (Reflect.get(found as object, 'item') === 'thrown')
          throw new MicroError('conflict', 'by the schema');
        return { value: found };
      },
    },
  };
}
