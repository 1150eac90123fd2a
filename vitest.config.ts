// How the tests are run: `unit` is offline, fast and lives beside the source; `system` starts real
// engines, mail servers and the built program.
import { defineConfig } from 'vitest/config';

/** Recorded scenarios are replayed offline; the same ones are also played live. */
const RECORDED = 'test/scenarios/{golden,actions}.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/{tidy,layers}.test.ts', RECORDED],
          pool: 'forks',
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/{conformance,deliver,servers,scenarios,sim,e2e,compat}/**/*.test.ts'],
          exclude: [RECORDED],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
