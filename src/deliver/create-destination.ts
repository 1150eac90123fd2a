// The destination of a delivery, by what its description says: the one place that knows all kinds.
import type { LogType } from '../event/log-type.ts';
import { logTypeSpec } from '../event/log-type.ts';
import type { AppendBatch } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { clientSettings, isEndpointSet } from './aws-client.ts';
import { CloudWatchLogsDestination } from './cloudwatch-logs/cloudwatch-logs-destination.ts';
import type {
  DeliveryDestinationDocument,
  DeliveryDocument,
  DestinationSettings,
} from './delivery.ts';
import type { Destination } from './destination.ts';
import { FirehoseDestination } from './firehose/firehose-destination.ts';
import type { RecordTextOptions } from './format/record-text.ts';
import { LogGroupDestination } from './log-group/log-group-destination.ts';
import { S3Destination } from './s3/s3-destination.ts';

/** What a destination needs of the program it runs in. */
export interface DestinationWorld {
  /** Of the organization: what paths have, and clients that are told no region. */
  readonly account: string;
  readonly region: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The id of the log group of this Mailtrail that has the name now. */
  readonly groupId: (logGroupName: string) => string | undefined;
  readonly append: (batch: AppendBatch) => Promise<unknown>;
  /** The value of a checkpoint of the journal. */
  readonly checkpoint: (source: string) => unknown;
}

/** What is known of the delivery that a destination is made for. */
export interface DeliveryParts {
  readonly deliveryId: string;
  readonly logType: LogType;
  readonly delivery: Pick<
    DeliveryDocument,
    | 'recordFields'
    | 'fieldDelimiter'
    | 's3DeliveryConfiguration'
    | 'fieldTreatments'
    | 'intervalSeconds'
    | 'objectBytesMax'
  >;
  readonly destination: Pick<DeliveryDestinationDocument, 'outputFormat' | 'settings'>;
}

const SECOND_MS = 1000;

/** Makes the destination; it connects when it is first used. */
export function createDestination(
  description: DeliveryParts,
  world: DestinationWorld,
): Destination {
  const { deliveryId } = description;
  const { settings } = description.destination;
  const { env, region } = world;
  switch (settings.type) {
    case 'LOCAL':
      return new LogGroupDestination({
        deliveryId,
        logGroupName: settings.logGroupName,
        text: textOf(description),
        groupId: () => world.groupId(settings.logGroupName),
        append: world.append,
        checkpoint: world.checkpoint,
      });
    case 'CWL':
      return new CloudWatchLogsDestination({
        client: clientSettings(settings, env, region),
        logGroupName: settings.logGroupName,
        logStreamName: `mailtrail-${deliveryId}`,
        text: textOf(description),
      });
    case 'FH':
      return new FirehoseDestination({
        client: clientSettings(settings, env, region),
        streamName: settings.streamName,
        text: textOf(description),
      });
    case 'S3':
      return s3Of(description, settings, world);
    default:
      throw new Error(`deliveries to ${settings.type} are not there yet`);
  }
}

/** How a delivery writes a record as text. */
function textOf({ logType, delivery, destination }: DeliveryParts): RecordTextOptions {
  const { outputFormat } = destination;
  if (outputFormat === 'parquet') throw new Error('parquet is for S3 alone');
  const { recordFields, fieldDelimiter } = delivery;
  return {
    outputFormat,
    fields: recordFields ?? logTypeSpec(logType).fields.map(({ path }) => path),
    ...(fieldDelimiter !== undefined && { fieldDelimiter }),
  };
}

function s3Of(
  description: DeliveryParts,
  settings: Extract<DestinationSettings, { readonly type: 'S3' }>,
  { account, region, env, clock }: DestinationWorld,
): Destination {
  const { deliveryId, logType, delivery, destination } = description;
  const { recordFields, fieldTreatments, intervalSeconds, objectBytesMax, fieldDelimiter } =
    delivery;
  const { outputFormat } = destination;
  if (outputFormat === 'raw') throw new Error('raw is for Firehose alone');
  return new S3Destination({
    deliveryId,
    client: clientSettings(settings, env, region),
    isElsewhere: isEndpointSet(settings, env, 'S3'),
    settings,
    path: { account, region, logType, ...delivery.s3DeliveryConfiguration },
    format: {
      logType,
      outputFormat,
      fields: recordFields ?? logTypeSpec(logType).fields.map(({ path }) => path),
      ...(recordFields !== undefined && { recordFields }),
      ...(fieldTreatments !== undefined && { fieldTreatments }),
      ...(fieldDelimiter !== undefined && { fieldDelimiter }),
    },
    clock,
    ...(intervalSeconds !== undefined && { intervalMs: intervalSeconds * SECOND_MS }),
    ...(objectBytesMax !== undefined && { objectBytesMax }),
  });
}

/** Where a destination is, for people. */
export function placeOf(settings: DestinationSettings): string {
  switch (settings.type) {
    case 'LOCAL':
      return `log group ${settings.logGroupName}`;
    case 'CWL':
      return `log group ${settings.logGroupName} of CloudWatch Logs`;
    case 'FH':
      return `Firehose stream ${settings.streamName}`;
    case 'S3': {
      const { bucket, prefix = '' } = settings;
      return `s3://${bucket}/${prefix}`;
    }
    default:
      return settings.type;
  }
}
