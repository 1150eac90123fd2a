// What a filter before us found out about a message (SPF, DKIM, DMARC, spam), as it says in the
// Authentication-Results field. Anybody can write such a field into a message: only those of the
// authserv-ids that the administrator trusts are read, and of each method the topmost, which was
// added last.

/** WorkMail's words for a verdict; the methods' other results are kept in capitals. */
export interface Verdicts {
  readonly spfVerdict?: string;
  readonly dkimVerdict?: string;
  readonly dmarcVerdict?: string;
  readonly spamVerdict?: string;
  /** The policy that the author's domain asks for; only when DMARC failed. */
  readonly dmarcPolicy?: string;
  /** The policy that the filter says it applied. */
  readonly dmarcApplied?: string;
}

/** Longest field that is read, in characters; the methods come first in it. */
export const RESULTS_CHARS_MAX = 4_096;

const METHODS: Readonly<Record<string, 'spf' | 'dkim' | 'dmarc' | 'spam'>> = {
  spf: 'spf',
  dkim: 'dkim',
  dmarc: 'dmarc',
  'x-spam': 'spam',
  spam: 'spam',
};

/** Comments and quoted strings taken apart from the rest, so that nothing in them counts. */
interface Resinfo {
  readonly text: string;
  readonly comments: readonly string[];
}

/** Cuts a field at the semicolons that are in no comment and no quoted string. */
function resinfos(field: string): Resinfo[] {
  const parts: { text: string; comments: string[] }[] = [{ text: '', comments: [] }];
  for (let at = 0; at < field.length; at++) {
    const part = parts.at(-1);
    const c = field[at] ?? '';
    if (part === undefined) break;
    if (c === '"') {
      const end = endOf(field, at, '"');
      part.text += ' ';
      at = end;
    } else if (c === '(') {
      const end = endOfComment(field, at);
      part.comments.push(field.slice(at + 1, end));
      part.text += ' ';
      at = end;
    } else if (c === ';') {
      parts.push({ text: '', comments: [] });
    } else part.text += c;
  }
  return parts;
}

/** Where what opens at `from` closes; the end of the text when it does not. */
function endOf(text: string, from: number, close: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === close) return at;
  }
  return text.length;
}

function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return text.length;
}

/** DMARC's policies in WorkMail's words. */
function policyIn(comments: readonly string[], key: 'p' | 'dis'): string | undefined {
  for (const comment of comments) {
    const policy = new RegExp(`(?:^|\\s)${key}=(none|quarantine|reject)(?:\\s|$)`, 'i').exec(
      comment,
    );
    if (policy !== null) return policy[1]?.toUpperCase();
  }
  return undefined;
}

/**
 * Reads the fields, from the top of the message down.
 *
 * @param trusted authserv-ids, compared without case; none means that no field is believed
 * @see RFC 8601 sections 2.2 (syntax), 5 (who may be believed); RFC 7489 section 11.2 for DMARC
 */
export function verdictsOf(fields: readonly string[], trusted: readonly string[]): Verdicts {
  const known = new Set(trusted.map((id) => id.toLowerCase()));
  const verdicts = new Map<string, string>();
  let policy: Pick<Verdicts, 'dmarcPolicy' | 'dmarcApplied'> = {};
  for (const field of fields) {
    const [id, ...results] = resinfos(field.slice(0, RESULTS_CHARS_MAX));
    const authservId = /^\s*(\S+)/.exec(id?.text ?? '')?.[1]?.toLowerCase();
    if (authservId === undefined || !known.has(authservId)) continue;
    for (const { text, comments } of results) {
      const result = /^\s*([A-Za-z][\w-]*)(?:\s*\/\s*\d+)?\s*=\s*([A-Za-z]+)/.exec(text);
      const method = METHODS[result?.[1]?.toLowerCase() ?? ''];
      if (method === undefined || verdicts.has(method)) continue;
      verdicts.set(method, (result?.[2] ?? '').toUpperCase());
      if (method !== 'dmarc') continue;
      const asked = policyIn(comments, 'p');
      const applied = policyIn(comments, 'dis');
      policy = {
        ...(verdicts.get('dmarc') === 'FAIL' && asked !== undefined && { dmarcPolicy: asked }),
        ...(applied !== undefined && { dmarcApplied: applied }),
      };
    }
  }
  const verdict = (method: string): string | undefined => verdicts.get(method);
  const [spf, dkim, dmarc, spam] = ['spf', 'dkim', 'dmarc', 'spam'].map(verdict);
  return {
    ...(spf !== undefined && { spfVerdict: spf }),
    ...(dkim !== undefined && { dkimVerdict: dkim }),
    ...(dmarc !== undefined && { dmarcVerdict: dmarc }),
    ...(spam !== undefined && { spamVerdict: spam }),
    ...policy,
  };
}
