// Reads of attachments on their way out: each is told with its part's number, and once more, whole, when the
// name is known. The two are one event to whoever asks (see ../../amendment.ts).
import type { AuditEvent } from '../../../event/audit-event.ts';
import { revisionKey } from '../../amendment.ts';
import type { AccessEvent } from '../access-record.ts';
import type { MessagePlace } from './doveadm-http.ts';

/** Events whose names may still come: as many as can wait, with all their parts. */
export const TOLD_MAX = 10_000;

/** Asks for the name of a part; calls back when it is known, and never when it is not to be had. */
export interface NameFinder {
  find(place: MessagePlace, part: string, found: (name: string) => void): void;
}

/** Whose message it is, and where; undefined where the event does not say. */
function placeOf({
  owner_id,
  user_id,
  folder_path,
  item_id,
}: AccessEvent): MessagePlace | undefined {
  const user = owner_id ?? user_id;
  const uid = Number(/;UID=(\d+)$/.exec(item_id ?? '')?.[1]);
  if (user === undefined || folder_path === undefined || !Number.isInteger(uid)) return undefined;
  return { user, folder: folder_path, uid };
}

/** See the head of this file. */
export class ToldAttachments {
  readonly #names: NameFinder;
  readonly #tell: (events: readonly AuditEvent[]) => void;
  /** What was told last under each key. */
  readonly #told = new Map<string, { readonly event: AccessEvent; readonly revision: number }>();

  /** @param tell takes amendments, at any time */
  constructor(names: NameFinder, tell: (events: readonly AuditEvent[]) => void) {
    this.#names = names;
    this.#tell = tell;
  }

  /**
   * The events of a command, of which those that read an attachment can be amended; asks for its name.
   *
   * @param at the place of the command's line
   */
  of(events: AccessEvent[], at: number): AccessEvent[] {
    return events.map((event, index) => {
      const part = event.attachment_path;
      if (event.action !== 'read_attachment' || part === undefined) return event;
      const place = placeOf(event);
      if (place === undefined || event.action_allowed === false) return event;
      const key = revisionKey(event, at, index);
      const told = { ...event, revision_key: key };
      this.#remember(key, told);
      this.#names.find(place, part, (name) => this.#named(key, told, name));
      return told;
    });
  }

  #remember(key: string, event: AccessEvent): void {
    // What is told again because more is known of it is another revision already.
    const revision = (this.#told.get(key)?.revision ?? 0) + 1;
    this.#told.delete(key);
    this.#told.set(key, { event, revision });
    if (this.#told.size <= TOLD_MAX) return;
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest);
      break;
    }
  }

  #named(key: string, event: AccessEvent, name: string): void {
    const last = this.#told.get(key);
    // It was told again meanwhile: that telling has a question of its own.
    if (last?.event !== event) return;
    this.#told.delete(key);
    this.#tell([{ ...event, attachment_path: name, revision: last.revision + 1 }]);
  }
}
