// How long a group's events are kept. For an audit log this goes before the configuration.
// @see CloudWatch Logs API reference, PutRetentionPolicy, DeleteRetentionPolicy
import { z } from 'zod';
import { type Call, operation, type Operation } from '../operation.ts';
import { EVENT_SOURCE, type LogsOptions } from './logs-options.ts';
import { LogGroupName } from './shapes.ts';

/** The days that AWS takes. */
export const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
] as const;

const PutRetentionPolicy = z.object({
  logGroupName: LogGroupName,
  retentionInDays: z.literal(RETENTION_DAYS),
});
const DeleteRetentionPolicy = z.object({ logGroupName: LogGroupName });

async function setRetention(
  { state, catalog, retain }: LogsOptions,
  call: Call,
  eventName: string,
  name: string,
  days: number | undefined,
): Promise<void> {
  await state.change(call.actor, (view) => {
    const { document, arn } = catalog.get(view, name);
    if (view.get('log-group', name)?.retentionDays === days) return undefined;
    const { retentionDays: _, ...others } = document;
    const value = { ...others, ...(days !== undefined && { retentionDays: days }) };
    const changes = [{ kind: 'log-group' as const, id: name, value }];
    return { eventName, eventSource: EVENT_SOURCE, resource: arn, changes };
  });
  await retain();
}

/** The operations on retention. */
export function retentionOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  return {
    PutRetentionPolicy: operation('admin', PutRetentionPolicy, (input, call) => {
      const { logGroupName, retentionInDays: days } = input;
      return setRetention(options, call, 'PutRetentionPolicy', logGroupName, days).then(() => ({}));
    }),
    DeleteRetentionPolicy: operation('admin', DeleteRetentionPolicy, ({ logGroupName }, call) =>
      setRetention(options, call, 'DeleteRetentionPolicy', logGroupName, undefined).then(
        () => ({}),
      ),
    ),
  };
}
