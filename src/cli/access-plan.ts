// What `mailtrail apply` is going to do: the differences between what files say and what the server has. Pure.
import { type AccessDocument, type AccessDocumentKind, saidBy } from './access-documents.ts';
import { type AccessFiles, comparableId, type Written } from './access-file.ts';

/** One change. `revision` is the one that was looked at, 0 where there was none. */
export interface PlannedChange {
  readonly kind: AccessDocumentKind;
  readonly id: string;
  readonly act: 'create' | 'update' | 'delete';
  readonly before?: Written;
  readonly after?: Written;
  readonly revision: number;
}

export interface AccessPlan {
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
  /** What files say otherwise than the configuration file, where alone it can be changed. */
  readonly declared: readonly PlannedChange[];
}

/** The same text for documents that say the same, whatever the order of their members. */
function sameText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/**
 * Compares files with what the server has.
 *
 * @param prune whether what is not in the files is deleted, of the kinds that they have a section for;
 *   what the configuration file declares is never deleted
 */
export function planAccess(
  wanted: AccessFiles,
  current: ReadonlyMap<AccessDocumentKind, readonly AccessDocument[]>,
  prune: boolean,
): AccessPlan {
  const changes: PlannedChange[] = [];
  const declared: PlannedChange[] = [];
  let unchanged = 0;
  for (const [kind, documents] of wanted) {
    const known = new Map(
      (current.get(kind) ?? []).map((each) => [comparableId(kind, kind.idOf(each)), each]),
    );
    for (const [id, after] of documents) {
      const document = known.get(id);
      const before = document && saidBy(document);
      if (before !== undefined && sameText(before) === sameText(after)) {
        unchanged++;
        continue;
      }
      const act = before === undefined ? 'create' : 'update';
      const revision = document?.revision ?? 0;
      const change = { kind, id, act, after, revision, ...(before && { before }) } as const;
      (document?.declared === true ? declared : changes).push(change);
    }
    if (!prune) continue;
    for (const [id, document] of known) {
      if (documents.has(id) || document.declared === true) continue;
      const { revision } = document;
      changes.push({ kind, id, act: 'delete', before: saidBy(document), revision });
    }
  }
  return { changes, unchanged, declared };
}
