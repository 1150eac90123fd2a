// The key of the object that a batch becomes in S3. It follows from the batch and the delivery alone, so
// that a batch given again after a crash overwrites its object.
import type { LogType } from '../../event/log-type.ts';
import type { DeliveryBatch } from '../destination.ts';

/** S3 takes keys of at most so many bytes of UTF-8 (Amazon S3 user guide, "Naming objects"). */
export const OBJECT_KEY_BYTES_MAX = 1024;

/** Digits of a position: those of the greatest safe integer, so that keys sort in the journal's order. */
const POSITION_DIGITS = 16;

/** What follows the prefix when the delivery names no suffixPath; AWS does not publish WorkMail's. */
export const DEFAULT_SUFFIX_PATH = '{region}/{logtype}/{yyyy}/{MM}/{dd}';

export interface ObjectPath {
  readonly account: string;
  readonly region: string;
  readonly logType: LogType;
  /** Replaces `AWSLogs/ACCOUNT/workmail/`, as the path of the bucket's ARN does. */
  readonly prefix?: string;
  readonly suffixPath?: string;
  readonly enableHiveCompatiblePath?: boolean;
  /** Without a dot first, e.g. `json.gz`. */
  readonly extension: string;
}

/** The variables of a suffixPath, as they are written in it. */
export const SUFFIX_VARIABLES = [
  '{yyyy}',
  '{MM}',
  '{dd}',
  '{HH}',
  '{accountid}',
  '{region}',
  '{logtype}',
] as const;

function padded(position: number): string {
  return String(position).padStart(POSITION_DIGITS, '0');
}

function slashed(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}

/** The variables of a suffixPath: the name in Hive's style, and the value. */
function variables(path: ObjectPath, atMs: number): ReadonlyMap<string, readonly [string, string]> {
  const iso = new Date(atMs).toISOString();
  return new Map([
    ['yyyy', ['year', iso.slice(0, 4)]],
    ['MM', ['month', iso.slice(5, 7)]],
    ['dd', ['day', iso.slice(8, 10)]],
    ['HH', ['hour', iso.slice(11, 13)]],
    ['accountid', ['aws-account-id', path.account]],
    ['region', ['region', path.region]],
    ['logtype', ['logtype', path.logType]],
  ]);
}

function suffix(path: ObjectPath, atMs: number): string {
  const known = variables(path, atMs);
  return (path.suffixPath ?? DEFAULT_SUFFIX_PATH).replace(
    /\{([^{}]*)\}/g,
    (written, name: string) => {
      const variable = known.get(name);
      if (variable === undefined) {
        const names = SUFFIX_VARIABLES.join(', ');
        throw new RangeError(`suffixPath: ${written} is no variable; expected one of ${names}`);
      }
      return path.enableHiveCompatiblePath === true ? `${variable[0]}=${variable[1]}` : variable[1];
    },
  );
}

/**
 * The path beneath which a delivery's objects lie, `` or ending in `/`, with the time (UTC) of `atMs`.
 * Throws a RangeError for a suffixPath with an unknown variable.
 */
export function objectFolder(path: ObjectPath, atMs: number): string {
  const account =
    path.enableHiveCompatiblePath === true ? `aws-account-id=${path.account}` : path.account;
  const prefix = slashed(path.prefix ?? `AWSLogs/${account}/workmail`);
  return `${prefix}${slashed(suffix(path, atMs))}`;
}

/**
 * The batch's key: folder, delivery id, the positions `from` and `to`, extension. The same for the same
 * batch, whenever it is given. Throws a RangeError when it is longer than S3 takes.
 *
 * @see CloudWatch Logs API, S3DeliveryConfiguration
 */
export function objectKey(path: ObjectPath, batch: Omit<DeliveryBatch, 'records'>): string {
  const file = `${batch.deliveryId}_${padded(batch.from)}-${padded(batch.to)}.${path.extension}`;
  const key = `${objectFolder(path, batch.sealedAtMs)}${file}`;
  const bytes = Buffer.byteLength(key);
  if (bytes > OBJECT_KEY_BYTES_MAX) {
    throw new RangeError(
      `the object's key would be ${bytes} bytes and S3 takes ${OBJECT_KEY_BYTES_MAX}: shorten the destination's prefix or the delivery's suffixPath`,
    );
  }
  return key;
}
