// A process that starts, makes one call and ends: node first-call.js CALLER PART ADDRESS REQUEST. Prints the reply.
import type { Caller, Message } from '../contender.ts';
import type { FirstCaller } from './first-callers.ts';

const [name = '', part = '', address = '', request = ''] = process.argv.slice(2);
// Each loads what it needs and nothing else, as a program of its own would
const { connect }: FirstCaller = await import(`./${name}.js`);
const caller: Caller = await connect(address, part);
const message: Message = JSON.parse(request);
process.stdout.write(`${JSON.stringify(await caller.call(message))}\n`);
await caller.close();
