import { MicroError } from './errors.ts';
import type { Chosen } from './plugin-set.ts';
import { hasAddress, kindNames, pluginNames } from './plugins.ts';
import { addressVariable, flagOf, nameVariable } from './variables.ts';

/** Where settings come from besides the program's own options. */
export interface SettingSources {
  /** Environment variables. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Command line flags, without node and the script; unknown ones are refused. @default none */
  readonly argv?: readonly string[] | undefined;
}

interface Setting {
  readonly env: string;
  readonly text: string;
}

/** go-micro's own names (go-micro v4: util/cmd/cmd.go); `MICRO_SERVER_NAME` is the flag `--server_name`. */
const settings: readonly Setting[] = [
  { env: 'MICRO_SERVER_NAME', text: 'name of the service' },
  { env: 'MICRO_SERVER_VERSION', text: 'version of the service' },
  { env: 'MICRO_SERVER_ID', text: 'id of this process among the nodes of the service' },
  { env: 'MICRO_SERVER_ADDRESS', text: 'where to listen' },
  { env: 'MICRO_SERVER_ADVERTISE', text: 'address to register, when it is not where we listen' },
  { env: 'MICRO_SERVER_METADATA', text: 'metadata of the node: key=value,key=value' },
  { env: 'MICRO_REGISTER_TTL', text: 'seconds a registration lives without renewal' },
  { env: 'MICRO_REGISTER_INTERVAL', text: 'seconds between renewals' },
  { env: 'MICRO_CLIENT_REQUEST_TIMEOUT', text: 'how long a call may take: 500ms, 5s, or milliseconds' },
  { env: 'MICRO_CLIENT_RETRIES', text: 'further attempts of a call, where they are safe' },
];

/** What environment and flags say; flags win. */
export interface Settings {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly id: string | undefined;
  readonly address: string | undefined;
  readonly advertise: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly registerTtlMs: number | undefined;
  readonly registerIntervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly retries: number | undefined;
  readonly plugins: Readonly<Record<string, Chosen | undefined>>;
  /** `--help` was given. */
  readonly help: boolean;
}

/** Reads them. Throws `bad_request` that names the variable or flag and what it should be. */
export function readSettings({ env = process.env, argv = [] }: SettingSources): Settings {
  const all = [...settings, ...pluginSettings()];
  const flags = readFlags(argv, new Set(all.map(({ env }) => flagOf(env))));
  const text = (name: string): string | undefined => flags.get(flagOf(name)) ?? (env[name] || undefined);
  const number = (name: string, unit = 1): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (!/^\d+(\.\d+)?$/.test(value))
      throw new MicroError('bad_request', `${name} must be a number, not "${value}"`);
    return Number(value) * unit;
  };
  return {
    name: text('MICRO_SERVER_NAME'),
    version: text('MICRO_SERVER_VERSION'),
    id: text('MICRO_SERVER_ID'),
    address: text('MICRO_SERVER_ADDRESS'),
    advertise: text('MICRO_SERVER_ADVERTISE'),
    metadata: pairs(text('MICRO_SERVER_METADATA')),
    registerTtlMs: number('MICRO_REGISTER_TTL', 1_000),
    registerIntervalMs: number('MICRO_REGISTER_INTERVAL', 1_000),
    timeoutMs: duration('MICRO_CLIENT_REQUEST_TIMEOUT', text('MICRO_CLIENT_REQUEST_TIMEOUT')),
    retries: whole('MICRO_CLIENT_RETRIES', number('MICRO_CLIENT_RETRIES')),
    plugins: Object.fromEntries(
      kindNames().map((kind) => {
        const addresses = hasAddress(kind) ? text(addressVariable(kind)) : undefined;
        return [kind, chosen(text(nameVariable(kind)), addresses)];
      }),
    ),
    help: flags.has('help'),
  };
}

/** The text of `--help`: every flag with its variable, and the plugins there are. */
export function helpText(name: string): string {
  const rows = [...settings, ...pluginSettings(), { env: '', text: 'this text' }].map((setting) => ({
    flag: setting.env === '' ? '--help' : `--${flagOf(setting.env)} <value>`,
    ...setting,
  }));
  const width = (pick: (row: { flag: string; env: string }) => string): number =>
    Math.max(...rows.map((row) => pick(row).length));
  const [flags, envs] = [width(({ flag }) => flag), width(({ env }) => env)];
  const lines = rows.map(({ flag, env, text }) => `  ${flag.padEnd(flags)}  ${env.padEnd(envs)}  ${text}`);
  return `${name}\n\nFlags, and the environment variables that say the same:\n${lines.join('\n')}\n`;
}

function pluginSettings(): Setting[] {
  return kindNames().flatMap((kind) => {
    const name = { env: nameVariable(kind), text: `${kind} to use: ${pluginNames(kind).join(', ')}` };
    if (!hasAddress(kind)) return [name];
    return [name, { env: addressVariable(kind), text: `address of the ${kind}; several with commas` }];
  });
}

function chosen(name: string | undefined, addresses: string | undefined): Chosen | undefined {
  if (name === undefined && addresses === undefined) return undefined;
  const list = addresses?.split(',').map((address) => address.trim());
  return { name, address: list?.length === 1 ? list[0] : list };
}

function readFlags(argv: readonly string[], known: ReadonlySet<string>): Map<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < argv.length; at++) {
    const [, name = '', value] = /^--?([^=]+)(?:=(.*))?$/s.exec(argv[at] ?? '') ?? [];
    const flag = name.replaceAll('-', '_');
    if (flag === 'help' || flag === 'h') {
      flags.set('help', '');
      continue;
    }
    if (!known.has(flag)) throw new MicroError('bad_request', `unknown argument "${argv[at]}": see --help`);
    const given = value ?? argv[++at];
    if (given === undefined) throw new MicroError('bad_request', `--${flag} needs a value`);
    flags.set(flag, given);
  }
  return flags;
}

function pairs(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1)
        throw new MicroError(
          'bad_request',
          `MICRO_SERVER_METADATA must be key=value,key=value; "${pair}" is not`,
        );
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function whole(name: string, value: number | undefined): number | undefined {
  if (value === undefined || Number.isSafeInteger(value)) return value;
  throw new MicroError('bad_request', `${name} must be a whole number, not "${value}"`);
}

const unitMs: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000 };

function duration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (amount === undefined)
    throw new MicroError('bad_request', `${name} must be a time like 500ms or 5s, not "${text}"`);
  return Number(amount) * (unitMs[unit] ?? 1);
}
