// How a command ended, for scripts. Documented in docs/reference/cli.md.

export const EXIT = {
  ok: 0,
  /** Something failed that no other code says. */
  failure: 1,
  /** Wrong arguments, or a query that does not parse. */
  usage: 2,
  /** The configuration has mistakes. */
  config: 3,
  /** No key, a wrong key, or no permission for a file. */
  permission: 4,
  /** A log group or key does not exist. */
  notFound: 5,
  /** No server answers, or it is not ready or too slow. */
  unavailable: 6,
  /** The journal is not as it was written. */
  integrity: 7,
  /** 128 and the signal's number, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code means, for the help and the reference. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'success'],
  [
    EXIT.failure,
    'failure; `query` or `export` with `--fail-on-empty` without results; `doctor` with a ✗; `map test` with a failed test or a refused line',
  ],
  [EXIT.usage, 'wrong arguments, or a mistake in the query'],
  [EXIT.config, 'the configuration or a mapping file has mistakes'],
  [EXIT.permission, 'no key, a wrong key, or a file that may not be read'],
  [EXIT.notFound, 'a log group or key does not exist'],
  [EXIT.unavailable, 'no server answers, it is not ready, or the query ran out of time'],
  [EXIT.integrity, '`journal verify` found a broken journal'],
  [EXIT.interrupted, 'interrupted (SIGINT)'],
  [EXIT.terminated, 'terminated (SIGTERM)'],
];
