// Whether Dovecot writes down what is done in mailboxes, and where Mailtrail reads it: exporters,
// metrics and the lines of mail_log.
import { losing, type Check } from './check.ts';
import {
  exporterPlace,
  mailLogSetting,
  pluginsOf,
  type ExporterPlace,
} from './dovecot-settings.ts';
import { ADD, dovecot, RELOAD, snippet, type Wiring } from './dovecot-wiring.ts';
import { lossesOf } from './losses.ts';
import { blocks, eventsOf, settingValue, words, type Statement } from './statements.ts';

/** Without these an event cannot be used. */
const PARTS_NEEDED = ['name', 'timestamps', 'categories', 'fields'];
/** The protocols in which messages are changed. */
const PROTOCOLS = ['imap', 'pop3', 'lmtp'];

/** The exporters of which Mailtrail can read what they write, and where that is. */
function exporters({ found, version }: Wiring): ReadonlyMap<string, ExporterPlace> {
  const places = new Map<string, ExporterPlace>();
  for (const block of blocks(found, 'event_exporter')) {
    const place = exporterPlace(block, version);
    if (place !== undefined) places.set(block.name.slice('event_exporter '.length), place);
  }
  return places;
}

function isRead(place: ExporterPlace, { config }: Wiring): boolean {
  switch (place.kind) {
    case 'log':
      return true;
    case 'file':
      return config.dovecot.logs.includes(place.path);
    case 'unix':
      return config.dovecot.exporterListen?.path === place.path;
  }
}

/** @param inLog the events that are written into the log, which are lost with it */
function logCheck({ found, config }: Wiring, lines: string, inLog: readonly string[]): Check {
  const path = settingValue(found, 'info_log_path') || settingValue(found, 'log_path') || 'syslog';
  if (config.dovecot.logs.includes(path)) return dovecot.ok(`logs to ${path}, which is read`);
  const read = config.dovecot.logs.join(', ') || 'none';
  const message = `logs to ${path}, Mailtrail reads ${read}`;
  const remedy = `set info_log_path (below), or add the file to dovecot.logs; ${RELOAD}`;
  const lost = lossesOf('mail_log', 'auth_verbose', ...inLog);
  return losing(dovecot.fail(message, remedy, lines), lost);
}

/** An exporter that is used and writes where nobody reads. */
function placeChecks(
  wiring: Wiring,
  places: ReadonlyMap<string, ExporterPlace>,
  metrics: readonly Statement[],
): Check[] {
  return [...places].flatMap(([name, place]) => {
    const used = metrics.filter(({ body = [] }) => settingValue(body, 'exporter') === name);
    if (place.kind === 'log' || used.length === 0 || isRead(place, wiring)) return [];
    const setting = place.kind === 'file' ? 'dovecot.logs' : 'dovecot.exporterListen';
    const message = `exports events to ${place.path}, which ${setting} does not name`;
    const remedy = `name it there, or correct the exporter (below); ${RELOAD}`;
    const lines = blocks(wiring.template, 'event_exporter').map(({ text }) => text);
    const check = dovecot.fail(message, remedy, lines.join('\n'));
    return [losing(check, lossesOf(...used.flatMap(eventsOf)))];
  });
}

/** A metric that leaves out what an event cannot be used without. */
function partChecks(metrics: readonly Statement[]): Check[] {
  return metrics.flatMap((metric) => {
    const included = words(settingValue(metric.body ?? [], 'exporter_include'));
    const missing = PARTS_NEEDED.filter((part) => !included.includes(part));
    // The default has all of them.
    if (included.length === 0 || missing.length === 0) return [];
    const name = metric.name.slice('metric '.length);
    const message = `exports no ${missing.join(', ')} by the metric ${name} (exporter_include)`;
    const remedy = `set exporter_include = name hostname timestamps categories fields there; ${RELOAD}`;
    return [losing(dovecot.fail(message, remedy), lossesOf(...eventsOf(metric)))];
  });
}

/** Whether the events are exported, whole, to where they are read. */
export function eventChecks(wiring: Wiring): Check[] {
  const { found, template } = wiring;
  const places = exporters(wiring);
  const exporting = blocks(found, 'metric').filter(({ body = [] }) =>
    places.has(settingValue(body, 'exporter') ?? ''),
  );
  const inLog = exporting
    .filter(({ body = [] }) => places.get(settingValue(body, 'exporter') ?? '')?.kind === 'log')
    .flatMap(eventsOf);
  const checks = [
    logCheck(wiring, snippet(wiring, 'info_log_path'), inLog),
    ...placeChecks(wiring, places, exporting),
    ...partChecks(exporting),
  ];
  const told = new Set(exporting.flatMap(eventsOf));
  const metrics = blocks(template, 'metric');
  const lacking = metrics.filter((metric) => eventsOf(metric).some((name) => !told.has(name)));
  if (lacking.length === 0) {
    checks.push(dovecot.ok(`exports ${told.size} kinds of events`));
    return checks;
  }
  const missing = lacking.flatMap(eventsOf).filter((name) => !told.has(name));
  const exporter = places.size === 0 ? blocks(template, 'event_exporter') : [];
  const lines = [...exporter, ...lacking].map(({ text }) => text).join('\n');
  const message = `does not export ${missing.join(', ')}`;
  const check =
    told.size === 0 ? dovecot.fail(message, ADD, lines) : dovecot.warn(message, ADD, lines);
  checks.push(losing(check, lossesOf(...missing)));
  return checks;
}

function pluginChecks(wiring: Wiring): Check[] {
  const { found, template, version } = wiring;
  const without = PROTOCOLS.filter((name) => {
    const plugins = pluginsOf(found, version, name);
    return !(plugins.has('mail_log') && plugins.has('notify'));
  });
  if (without.length === 0) return [];
  const message = `has no mail_log plugin for ${without.join(', ')}: subjects and targets of moves are not told`;
  const names = version === '2.4' ? ['mail_plugins'] : without.map((name) => `protocol ${name}`);
  const lines = template.filter(({ name }) => names.includes(name)).map(({ text }) => text);
  return [losing(dovecot.warn(message, ADD, lines.join('\n')), lossesOf('mail_log'))];
}

function mailLogChecks(wiring: Wiring): Check[] {
  const { found, template, version } = wiring;
  const unlogged = ['mail_log_events', 'mail_log_fields'].flatMap((name) => {
    const path = mailLogSetting(version, name);
    const told = words(settingValue(found, path));
    return words(settingValue(template, path)).filter((word) => !told.includes(word));
  });
  if (unlogged.length === 0) return [];
  const message = `does not log ${unlogged.join(', ')} (mail_log_events, mail_log_fields)`;
  const lines = snippet(wiring, 'plugin', 'mail_log_events', 'mail_log_fields');
  const lost = lossesOf(...unlogged.map((word) => `mail_log ${word}`));
  return [losing(dovecot.warn(message, ADD, lines), lost)];
}

/** Whether the lines of the log tell what no event does. */
export function detailChecks(wiring: Wiring): Check[] {
  const { found } = wiring;
  const checks = [...pluginChecks(wiring), ...mailLogChecks(wiring)];
  for (const [name, part] of [
    ['mail_log_prefix', '%{session}'],
    ['login_log_format_elements', 'session=<%{session}>'],
  ] as const) {
    if (!(settingValue(found, name) ?? '').includes(part)) {
      const message = `does not log the session in ${name}, so lines cannot be joined`;
      const check = dovecot.warn(message, ADD, snippet(wiring, name));
      checks.push(losing(check, lossesOf(name)));
    }
  }
  if (settingValue(found, 'auth_verbose') !== 'yes') {
    const check = dovecot.warn(
      'does not log why a sign-in failed (auth_verbose)',
      ADD,
      snippet(wiring, 'auth_verbose'),
    );
    checks.push(losing(check, lossesOf('auth_verbose')));
  }
  if (checks.length === 0) checks.push(dovecot.ok('logs subjects, targets, sessions and reasons'));
  return checks;
}
