/** Real servers for tests and trials: `npm run backends -- --help`. What tests use of them: backends/index.mjs. */
import { parseArgs, styleText } from 'node:util';
import { dockerDown, dockerUp } from './backends/docker.mjs';
import { down, status, up } from './backends/lasting.mjs';
import { backendNamed, backends } from './backends/list.mjs';
import { peers } from './backends/peers.mjs';
import { locate } from './backends/programs.mjs';
import { programsOf } from './backends/server.mjs';

const help = `Real servers, without root and without installing anything.

  npm run backends -- up [name...]      starts them and prints their addresses; they stay until down
  npm run backends -- down [name...]    ends them and removes their data
  npm run backends -- status            what runs, what is there, and what would have to be fetched
  npm run backends -- fetch [name...]   gets the newest of each into the cache, also what takes minutes to build

  --docker   up and down with docker compose (backends/compose.yaml), on the usual ports
  --help     this

Names: ${Object.keys(backends).join(', ')}; none means all.
Besides, fetch gets the peers of tests in other languages: ${Object.keys(peers).join(', ')}.

A server is taken from the PATH, else from the cache (~/.cache/micro-backends, or MICRO_BACKENDS_CACHE), else fetched:
Debian packages need apt-get and dpkg, Kafka needs mvn, Consul and the current nats-server need go. Progress goes to
the error output, addresses to the output as a shell reads them: eval "$(npm run -s backends -- up etcd)". Tests start
servers of their own; with MICRO_BACKENDS=required none may be missing.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { docker: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const [command, ...names] = positionals;
const commands = { up: runUp, down: runDown, status: runStatus, fetch: runFetch };

if (values.help || command === undefined || !Object.hasOwn(commands, command)) {
  console.log(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  const known = command === 'fetch' ? { ...backends, ...peers } : backends;
  const chosen = (names.length > 0 ? names : Object.keys(known)).map(
    (name) => known[name] ?? backendNamed(name),
  );
  await commands[command](chosen);
}

async function runUp(chosen) {
  if (values.docker) {
    for (const { backend, url } of await dockerUp(chosen)) console.log(`export ${backend.variable}='${url}'`);
    return;
  }
  await eachOf(chosen, async (backend) => {
    const { url } = await up(backend, { say });
    console.log(`export ${backend.variable}='${url}'`);
    return 'up';
  });
}

async function runDown(chosen) {
  if (values.docker) await dockerDown(chosen);
  else await eachOf(chosen, async (backend) => ((await down(backend)) ? 'down' : 'was not up'));
}

async function runFetch(chosen) {
  await eachOf(chosen, async (backend) => {
    await programsOf(backend, { say, newest: true });
    return 'there';
  });
}

async function runStatus(chosen) {
  for (const backend of chosen) console.log(`${backend.name.padEnd(12)} ${await describe(backend)}`);
}

async function describe(backend) {
  const running = await status(backend);
  if (running !== undefined) return `up, ${running.addresses.url}`;
  const address = process.env[backend.variable];
  if (address) return `not ours, ${address} (${backend.variable})`;
  const missing = [];
  for (const program of Object.values(backend.programs)) {
    if ((await locate(program)) === undefined) missing.push(program.source.what);
  }
  return missing.length === 0 ? 'there, not up' : `to be fetched: ${missing.join(', ')}`;
}

/** One after the other, each with its time; the others too when one fails. */
async function eachOf(chosen, run) {
  for (const backend of chosen) {
    const start = Date.now();
    const seconds = () => Math.round((Date.now() - start) / 100) / 10;
    const patience = setInterval(
      () => say(`${backend.name}: still at it after ${Math.round(seconds())} s`),
      15_000,
    );
    try {
      say(`${backend.name}: ${colour('green', await run(backend))} (${seconds()} s)`);
    } catch (error) {
      say(`${backend.name}: ${colour('red', 'failed')}: ${error.message}`);
      process.exitCode = 1;
    } finally {
      clearInterval(patience);
    }
  }
}

function say(line) {
  console.error(line);
}

function colour(name, text) {
  return process.stderr.isTTY && !process.env.NO_COLOR ? styleText(name, text) : text;
}
