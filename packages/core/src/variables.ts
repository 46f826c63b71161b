/** The environment variable that names the plugin of a kind: `MICRO_REGISTRY`, `MICRO_RATE_LIMIT`. */
export function nameVariable(kind: string): string {
  return `MICRO_${kind.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}

/** The environment variable that says where its backend is. */
export function addressVariable(kind: string): string {
  return `${nameVariable(kind)}_ADDRESS`;
}

/** The flag that says the same as a variable, without its dashes: `MICRO_SERVER_NAME` is `server_name`. */
export function flagOf(variable: string): string {
  return variable.slice('MICRO_'.length).toLowerCase();
}
