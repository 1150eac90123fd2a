// What the engine's error codes mean for a caller, the same for both engines.
// Codes: ClickHouse, src/Common/ErrorCodes.cpp.
import { StoreError, type StoreErrorCode } from './event-store.ts';

/** What was being done when the engine refused. */
export type EngineTask = 'query' | 'load' | 'schema';

const TIMEOUT = new Set([
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
]);
const MEMORY = new Set([
  173, // CANNOT_ALLOCATE_MEMORY
  241, // MEMORY_LIMIT_EXCEEDED
]);
const CANCELLED = new Set([
  394, // QUERY_WAS_CANCELLED
  734, // QUERY_WAS_CANCELLED_BY_CLIENT
]);
const DISK_FULL = new Set([
  243, // NOT_ENOUGH_SPACE
]);
/** A file of lines that cannot be read as events; everything else about a load may pass. */
const BAD_LINES = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  306, // TOO_DEEP_RECURSION
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  395, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: our own check of the number of rows
  467, // CANNOT_PARSE_BOOL
]);
const NO_SPACE = /No space left on device|errno: 28\b|ENOSPC|Disk quota exceeded/;

/** The number in front of the engine's messages; 0 when there is none. */
export function engineErrorCode(message: string): number {
  return Number(/\bCode: (\d+)\./.exec(message)?.[1] ?? 0);
}

function codeFor(task: EngineTask, engineCode: number, message: string): StoreErrorCode {
  if (DISK_FULL.has(engineCode) || NO_SPACE.test(message)) return 'disk-full';
  if (TIMEOUT.has(engineCode)) return 'timeout';
  if (MEMORY.has(engineCode)) return 'memory';
  if (CANCELLED.has(engineCode)) return 'cancelled';
  if (task === 'load') return BAD_LINES.has(engineCode) ? 'bad-range' : 'unavailable';
  return 'query';
}

const ADVICE: Readonly<Partial<Record<StoreErrorCode, string>>> = {
  timeout: 'The query ran out of time: narrow its time range or filter earlier. ',
  memory: 'The query ran out of memory: narrow its time range or group by fewer fields. ',
  'disk-full': 'The disk of the store is full: make room. ',
};

/** The engine's refusal as a StoreError; the engine's own words are kept. */
export function storeErrorFrom(task: EngineTask, message: string): StoreError {
  const code = codeFor(task, engineErrorCode(message), message);
  const advice = task === 'query' ? (ADVICE[code] ?? '') : '';
  return new StoreError(code, `${advice}${message.trim()}`);
}
