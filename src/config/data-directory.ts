// Where the data is when nobody says it.
import { join } from 'node:path';

/** The data directory of an installation that runs as root or by its package. */
export const SYSTEM_DATA_DIRECTORY = '/var/lib/mailtrail';

/**
 * The default data directory: the first of `$STATE_DIRECTORY`, `/var/lib/mailtrail` when root,
 * `$XDG_STATE_HOME/mailtrail`, `~/.local/state/mailtrail`.
 *
 * @see systemd.exec(5), StateDirectory= (a list separated by colons)
 * @see XDG Base Directory Specification 0.8, XDG_STATE_HOME (only absolute paths count)
 */
export function defaultDataDirectory(world: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid?: number | undefined;
}): string {
  const [fromSystemd = ''] = (world.env['STATE_DIRECTORY'] ?? '').split(':');
  if (fromSystemd !== '') return fromSystemd;
  if (world.uid === 0) return SYSTEM_DATA_DIRECTORY;
  const state = world.env['XDG_STATE_HOME'] ?? '';
  return join(state.startsWith('/') ? state : join(world.home, '.local', 'state'), 'mailtrail');
}
