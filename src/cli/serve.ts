// `mailtrail serve`: loads the configuration, starts the server, and answers signals: SIGTERM and
// SIGINT drain, SIGHUP reads the configuration again.
import { formatAddress } from '../config/address.ts';
import type { Config } from '../config/schema.ts';
import { formatProblem } from '../config/raw-tree.ts';
import { createLog, type Log } from '../platform/log.ts';
import { CliError, errorCode, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { readConfiguration, requireConfiguration, requireMappings } from './configuration.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { RunningApp, SignalName } from './world.ts';

/** What the operating system's refusal means; undefined when the error speaks for itself. */
function startAdvice(error: unknown, config: Config): string | undefined {
  const address = formatAddress(config.server.listen);
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  if (syscall === 'mkdir') {
    return `${config.data} cannot be made (${wordsOf(error)}); make it for the user of the server, or choose another directory with --data`;
  }
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `${address} is in use by another program; stop it, or choose another address with --listen or server.listen`;
    case 'EACCES':
      if (syscall !== 'listen') return undefined;
      return `this user may not listen on ${address}; choose a port from 1024 on`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${address}; choose one of its own with --listen or server.listen`;
    default:
      return undefined;
  }
}

function startError(error: unknown, config: Config): CliError {
  const message = startAdvice(error, config) ?? wordsOf(error);
  return new CliError(EXIT.failure, `cannot start: ${message}`, { cause: error });
}

/** Reads the configuration again and hands it over; a wrong one changes nothing. */
async function reload(call: Call, app: RunningApp, log: Log): Promise<void> {
  const result = readConfiguration(call);
  if (!result.ok) {
    for (const problem of result.problems) log.error(formatProblem(problem));
    log.error('the configuration has mistakes; the old one stays in force');
    return;
  }
  try {
    const outcome = await app.reload(result.config);
    if (outcome.ok) log.info('the configuration was read again', { file: result.file });
    else log.error(`the old configuration stays in force: ${outcome.reason}`);
  } catch (error) {
    log.error(`the old configuration stays in force: ${wordsOf(error)}`);
  }
}

/** Stops the server; the result says whether it could do so in order. */
async function stopApp(app: RunningApp, log: Log): Promise<ExitCode> {
  try {
    await app.stop();
    log.info('stopped');
    return EXIT.ok;
  } catch (error) {
    log.error(`could not stop cleanly: ${wordsOf(error)}`);
    return EXIT.failure;
  }
}

/** Resolves when the server was told to stop and has stopped. */
function untilStopped(
  call: Call,
  app: RunningApp,
  log: Log,
  reloadFirst: boolean,
): Promise<ExitCode> {
  return new Promise((resolve) => {
    let stopping = false;
    // One after the other: a second SIGHUP during the first must not be overtaken by it.
    let reloads = Promise.resolve();
    const stop = (signal: string): void => {
      if (stopping) {
        log.warn(`${signal} again: not waiting any longer`);
        resolve(EXIT.failure);
        return;
      }
      stopping = true;
      log.info(`${signal}: stopping; once more to stop at once`);
      void stopApp(app, log).then(resolve);
    };
    call.world.onSignal('SIGTERM', () => stop('SIGTERM'));
    call.world.onSignal('SIGINT', () => stop('SIGINT'));
    const hangUp = (): void => {
      if (!stopping) reloads = reloads.then(() => reload(call, app, log));
    };
    call.world.onSignal('SIGHUP', hangUp);
    if (reloadFirst) hangUp();
  });
}

/** Writes the log without waiting; nobody reading it must not stop the server. */
function serverLog({ world }: Call, config: Config): Log {
  const write = (line: string): void => {
    world.stderr.write(line).catch(() => {});
  };
  return createLog(write, { level: config.log.level, now: () => world.clock.now() });
}

/** Runs the server until a signal ends it. */
export async function run(call: Call): Promise<ExitCode> {
  const { config, file } = requireConfiguration(call);
  requireMappings(call, config);
  const log = serverLog(call, config);
  const { startApp } = await call.world.loadApp();
  // Signals during the start are remembered and obeyed when there is something to tell.
  const early = new Set<SignalName>();
  const remember = (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) =>
    call.world.onSignal(signal, () => early.add(signal)),
  );
  let app: RunningApp;
  try {
    app = await startApp({ config, log });
  } catch (error) {
    throw startError(error, config);
  } finally {
    for (const forget of remember) forget();
  }
  log.info(`listening on ${app.address}`, { data: config.data, config: file });
  if (early.has('SIGTERM') || early.has('SIGINT')) {
    log.info('told to stop during the start: stopping');
    return stopApp(app, log);
  }
  return untilStopped(call, app, log, early.has('SIGHUP'));
}
