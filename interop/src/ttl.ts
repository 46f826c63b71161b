/** Seconds a registration lives without renewal: few, because checks wait for them. */
export const ttlSeconds = 6;
