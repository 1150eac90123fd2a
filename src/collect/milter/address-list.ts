// The addresses in a header such as From or To, taken out before anything is decoded: an encoded word
// or a comment can hold what looks like an address and is only a name.

/** What stands around addresses: quoted strings and comments are passed over whole. */
const SPECIAL = /["([<>,;:]/g;

/** The end of a quoted string that begins at `from`. */
function quotedEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** The end of a comment that begins at `from`; comments can lie in each other. */
function commentEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The end of `<…>`, in which a quoted local part can hold anything. */
function angleEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') at = quotedEnd(text, at) - 1;
    else if (text[at] === '>') return at;
  }
  return text.length;
}

function plausible(address: string): boolean {
  return /^(?:"(?:[^"\\]|\\.)*"|[^\s"<>()[\],;:\\@]+)@(?:\[[^\]\s]*\]|[^\s"<>()[\],;:@]+)$/.test(
    address,
  );
}

/**
 * The addresses of an address list (RFC 5322 section 3.4, with RFC 6532's characters), in order.
 *
 * @param text the field's value, unfolded but not decoded
 * @param max how many are wanted at most
 */
export function addressesOf(text: string, max: number): string[] {
  const addresses: string[] = [];
  let bare = '';
  let angle: string | undefined;
  const finish = (): void => {
    const address = (angle ?? bare).trim();
    if (plausible(address)) addresses.push(address);
    bare = '';
    angle = undefined;
  };
  for (let at = 0; at < text.length && addresses.length < max;) {
    SPECIAL.lastIndex = at;
    const special = SPECIAL.exec(text);
    const to = special?.index ?? text.length;
    bare += text.slice(at, to);
    at = to + 1;
    switch (special?.[0]) {
      case '"': {
        at = quotedEnd(text, to);
        bare += text.slice(to, at);
        break;
      }
      case '(':
        at = commentEnd(text, to);
        break;
      case '[': {
        const end = text.indexOf(']', to);
        at = end < 0 ? text.length : end + 1;
        bare += text.slice(to, at);
        break;
      }
      case '<': {
        const end = angleEnd(text, to);
        angle = text.slice(to + 1, end);
        at = end + 1;
        break;
      }
      case ',':
      case ';':
        finish();
        break;
      case ':':
        // The name of a group; or an old source route, whose last part is the address.
        bare = '';
        break;
      default:
    }
  }
  if (addresses.length < max) finish();
  return addresses;
}
