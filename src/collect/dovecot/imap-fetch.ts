// What a FETCH asked for: whole messages, attachments, or only what a list of messages shows.

/** Most attachments of one FETCH that are told one by one. */
export const FETCH_PARTS_MAX = 100;

/** What of its messages a FETCH reads. */
export interface FetchedContent {
  /** The message itself: all of it, its text, or its first part. */
  readonly body: boolean;
  /** Part numbers of attachments, e.g. `2`. */
  readonly attachments: readonly string[];
  /** Whether reading it marks the messages as seen: a section was asked for without PEEK. */
  readonly marksSeen: boolean;
}

const SECTION = /\b(BODY|BINARY)(\.PEEK)?\[([^\]]*)\]/gi;
const WHOLE = /(?:^|[ (])RFC822(?:\.TEXT)?(?=$|[ )])/i;
const PART = /^(\d+(?:\.\d+)*)(?:\.TEXT)?$/;

/**
 * Reads the arguments of a FETCH as the event repeats them. Part 1 and what is in it counts as the
 * message's text, any other part as an attachment: which it is would need the message's structure.
 *
 * @see RFC 9051 section 6.4.5, RFC 3516
 */
export function fetchedContent(args: string): FetchedContent {
  const attachments = new Set<string>();
  let body = WHOLE.test(args);
  let marksSeen = body;
  for (const [, , peek, section = ''] of args.matchAll(SECTION)) {
    const part = PART.exec(section)?.[1];
    if (section === '' || /^TEXT$/i.test(section) || part?.split('.')[0] === '1') body = true;
    else if (part !== undefined && attachments.size < FETCH_PARTS_MAX) attachments.add(part);
    if (peek === undefined) marksSeen = true;
  }
  return { body, attachments: [...attachments], marksSeen };
}
