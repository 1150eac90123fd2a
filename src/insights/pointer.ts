// `@ptr`: what names one event in results, opaque to clients. It is the base64 of `e` and the
// event's position in the journal; event-fields.ts makes it in SQL.

const POINTER = /^e(0|[1-9]\d{0,15})$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function decoded(base64: string): string {
  let bits = 0;
  let held = 0;
  let text = '';
  for (const char of base64.replace(/=+$/, '')) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    text += String.fromCharCode((bits >> held) & 0xff);
  }
  return text;
}

/** The position of the event that a pointer names; undefined when it is no pointer of ours. */
export function pointerPosition(pointer: string): number | undefined {
  if (pointer.length > 32 || !/^[A-Za-z0-9+/]+={0,2}$/.test(pointer)) return undefined;
  const digits = POINTER.exec(decoded(pointer))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
