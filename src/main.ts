#!/usr/bin/env node
// The program `mailtrail`: the process becomes the world of a command, which becomes an exit code.
import { runProgram } from './cli/program.ts';
import { processWorld } from './cli/world.ts';
import { readVersion } from './version.ts';

const world = processWorld({
  loadApp: () => import('./app.ts'),
  version: () => readVersion().version,
});

// What was written is out; connections that are kept for later must not hold the process.
process.exit(await runProgram(world));
