import type { Caller } from '../contender.ts';
import { contenderOf } from '../contenders.ts';
import { hello } from '../work.ts';

/** The contender of ours of that name. */
export async function connect(address: string, name: string): Promise<Caller> {
  return (await contenderOf(name)).connect(address, hello);
}
