import type { DescriptorProto, FileDescriptorProto } from './gen/compiler.micro.ts';

/** `user_name` is `userName` in JSON and in TypeScript (protoc: ToJsonName). */
export function jsonName(name: string): string {
  return name.replace(/_+([a-zA-Z0-9]?)/g, (_, letter: string) => letter.toUpperCase());
}

// Every object has these, so their absence cannot be seen
const inherited: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'toJSON']);

/** The property of a field or oneof; with an underscore where objects have one of that name. */
export function propertyName(name: string): string {
  const camel = camelName(name);
  return inherited.has(camel) ? `${camel}_` : camel;
}

function camelName(name: string): string {
  const camel = jsonName(name);
  // A name of underscores alone has no letter; one that begins with an underscore is not to begin with a capital
  if (camel === '') return name;
  return camel.charAt(0).toLowerCase() === name.replace(/^_+/, '').charAt(0)
    ? camel.charAt(0).toLowerCase() + camel.slice(1)
    : camel;
}

// Words of the language, names that the generated code itself uses, and globals that it needs
const taken = `
abstract any arguments as asserts async await bigint boolean break case catch class const constructor continue debugger
declare default delete do else enum eval export extends false finally for from function get global if implements import
in infer instanceof interface is keyof let module namespace never new null number object of package private protected
public readonly require return satisfies set static string super switch symbol this throw true try type typeof undefined
unique unknown using var void while with yield
Array BigInt Infinity NaN Object Readonly Record String Uint8Array
Bidi Client ClientStream Contract EnumType Handlers HttpRoute MessageType Mutable ProtoFile ProtoMessage ServerStream Unary
bigintOf booleanOf contract enumName enumNumber enumType file integerOf keepUnknown message protoFile rpc stream unknownFields
`;
const reserved: ReadonlySet<string> = new Set(taken.trim().split(/\s+/));

/** The names that a file's declarations have in TypeScript, by what they are. */
export interface FileNames {
  /** By full name without a dot in front. */
  readonly types: ReadonlyMap<string, string>;
  readonly inits: ReadonlyMap<string, string>;
  /** Of a service: its contract, and what goes with it. */
  readonly services: ReadonlyMap<string, ServiceNames>;
}
interface ServiceNames {
  readonly contract: string;
  readonly api: string;
  readonly client: string;
  readonly handlers: string;
  readonly routes: string;
}

const known = new WeakMap<FileDescriptorProto, FileNames>();

/** Nested types are `Outer_Inner`. What is taken already gets underscores, types first, then what is made of them. */
export function namesOf(file: FileDescriptorProto): FileNames {
  const found = known.get(file);
  if (found !== undefined) return found;
  const used = new Set(reserved);
  const claim = (wanted: string): string => {
    let name = wanted;
    while (used.has(name)) name += '_';
    used.add(name);
    return name;
  };
  const types = new Map<string, string>();
  const messages: string[] = [];
  const visit = (
    scope: string,
    prefix: string,
    { name = '', nestedType, enumType, options }: DescriptorProto,
  ): void => {
    if (options?.mapEntry) return;
    const [full, local] = [`${scope}${name}`, `${prefix}${name}`];
    types.set(full, claim(local));
    messages.push(full);
    for (const nested of nestedType) visit(`${full}.`, `${local}_`, nested);
    for (const nested of enumType) types.set(`${full}.${nested.name}`, claim(`${local}_${nested.name}`));
  };
  const scope = file.package === undefined || file.package === '' ? '' : `${file.package}.`;
  for (const message of file.messageType) visit(scope, '', message);
  for (const { name = '' } of file.enumType) types.set(`${scope}${name}`, claim(name));
  const contracts = file.service.map(({ name = '' }) => claim(name));
  const inits = new Map(messages.map((full) => [full, claim(`${types.get(full)}Init`)]));
  const services = new Map(
    file.service.map(({ name = '' }, index): [string, ServiceNames] => {
      const contract = contracts[index] ?? name;
      return [
        `${scope}${name}`,
        {
          contract,
          api: claim(`${contract}Api`),
          client: claim(`${contract}Client`),
          handlers: claim(`${contract}Handlers`),
          routes: claim(`${contract}Routes`),
        },
      ];
    }),
  );
  const names = { types, inits, services };
  known.set(file, names);
  return names;
}
