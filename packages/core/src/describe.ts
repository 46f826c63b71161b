import { kindOf, schemaOf } from './contract.ts';
import type { EndpointRecord, ValueRecord } from './registry.ts';
import type { Handled } from './routes.ts';
import type { Schema } from './schema.ts';
import type { Subscribed } from './subscriptions.ts';

/** Levels below a message that go-micro describes (go-micro v4: server/extractor.go). */
const depth = 2;

/** An endpoint as go-micro registers it, with the shape of its messages where the schema library tells. */
export function describeEndpoint({ name, endpoint }: Handled): EndpointRecord {
  const { doc, metadata } = endpoint;
  const method = name.slice(name.indexOf('.') + 1);
  return {
    name,
    request: describe(schemaOf(endpoint.request), `${method}Request`),
    response: describe(schemaOf(endpoint.response), `${method}Response`),
    metadata: {
      ...metadata,
      ...(kindOf(endpoint) === 'unary' ? {} : { stream: 'true' }),
      ...(doc === undefined ? {} : { description: doc }),
    },
  };
}

/** A subscriber, which go-micro lists among the endpoints; for people to read, nothing is routed by it. */
export function describeSubscriber({ topic }: Subscribed): EndpointRecord {
  const request = describe(topic.schema, 'Event');
  return { name: 'Func', request, response: null, metadata: { topic: topic.topic, subscriber: 'true' } };
}

interface JsonSchema {
  readonly type?: unknown;
  readonly title?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}
/** Standard JSON Schema (https://standardschema.dev/json-schema): zod and arktype have it, valibot has not. */
interface Described {
  readonly jsonSchema?: { input(options: object): JsonSchema };
}

function describe(schema: Schema, name: string): ValueRecord {
  const { jsonSchema } = schema['~standard'] as Described;
  let described: JsonSchema = {};
  try {
    // The wire carries inputs: of the request the caller's, of the response the handler's
    described = jsonSchema?.input({ target: 'draft-2020-12' }) ?? {};
  } catch {
    // A type that JSON Schema has no word for (a date, a function) is described by its name alone
  }
  return describeValue(name, described, 0);
}

function describeValue(name: string, schema: JsonSchema, level: number): ValueRecord {
  const { properties } = schema;
  const values =
    properties === undefined || level >= depth
      ? null
      : Object.entries(properties).map(([key, property]) => describeValue(key, property, level + 1));
  return { name, type: typeName(name, schema), values };
}

const goTypes: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'int64',
  number: 'float64',
  boolean: 'bool',
};

function typeName(name: string, schema: JsonSchema): string {
  const { type, title, items } = schema;
  if (type === 'array') return `[]${typeName(name, items ?? {})}`;
  if (typeof type === 'string' && goTypes[type] !== undefined) return goTypes[type];
  return title ?? name;
}
