import { expect, test } from 'vitest';
import { engineErrorCode, type EngineTask, storeErrorFrom } from './engine-error.ts';

test('the engine code is read from its message', () => {
  expect(engineErrorCode('Query failed: Code: 27. DB::Exception: Cannot parse')).toBe(27);
  expect(engineErrorCode('something else')).toBe(0);
});

function code(task: EngineTask, message: string): string {
  return storeErrorFrom(task, message).code;
}

test('codes tell whose fault it is', () => {
  expect(code('query', 'Code: 159. Timeout exceeded')).toBe('timeout');
  expect(code('query', 'Code: 241. Memory limit exceeded')).toBe('memory');
  expect(code('query', 'Code: 394. Query was cancelled')).toBe('cancelled');
  expect(code('query', 'Code: 62. Syntax error')).toBe('query');
  expect(code('query', 'Code: 27. Cannot parse input')).toBe('query');
  expect(code('load', 'Code: 27. Cannot parse input')).toBe('bad-range');
  expect(code('load', 'Code: 243. Cannot reserve 1 MiB')).toBe('disk-full');
  expect(code('load', 'Code: 75. write failed, errno: 28, strerror: No space left on device')).toBe(
    'disk-full',
  );
});

test('what is not known to be the lines fault never puts an event aside', () => {
  expect(storeErrorFrom('load', 'Code: 1001. std::exception').code).toBe('unavailable');
  expect(storeErrorFrom('load', 'Code: 252. Too many parts').code).toBe('unavailable');
});
