/** What comes on one connection, whose messages begin with their length: a signed number of 4 bytes, the highest first. */
export interface LengthPrefixed {
  /** The messages that are whole now, lengths included. Throws an Error for a length that is none. */
  take(bytes: Uint8Array): readonly Uint8Array[];
}

const headLength = 4;

/** Messages of `least` to `most` bytes, their heads aside. */
export function lengthPrefixed(least: number, most: number): LengthPrefixed {
  let held: Uint8Array[] = [];
  let length = 0;
  let wanted = headLength;

  function joined(): Uint8Array {
    const [first] = held;
    if (first !== undefined && held.length === 1) return first;
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of held) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  return {
    take(bytes) {
      held.push(bytes);
      length += bytes.length;
      const messages: Uint8Array[] = [];
      if (length < wanted) return messages;
      let rest = joined();
      wanted = headLength;
      while (rest.length >= headLength) {
        const size = new DataView(rest.buffer, rest.byteOffset).getInt32(0);
        if (size < least || size > most)
          throw new Error(`a message of ${size} bytes, not ${least} to ${most}`);
        wanted = headLength + size;
        if (rest.length < wanted) break;
        messages.push(rest.subarray(0, wanted));
        rest = rest.subarray(wanted);
        wanted = headLength;
      }
      held = [rest];
      length = rest.length;
      return messages;
    },
  };
}
