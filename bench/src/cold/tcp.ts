import type { Caller } from '../contender.ts';
import { tcp } from '../contenders/tcp.ts';
import { hello } from '../work.ts';

export function connect(address: string): Promise<Caller> {
  return tcp.connect(address, hello);
}
