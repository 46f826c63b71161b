import type { Caller } from '../contender.ts';
import { http } from '../contenders/http.ts';
import { hello } from '../work.ts';

export function connect(address: string): Promise<Caller> {
  return http.connect(address, hello);
}
