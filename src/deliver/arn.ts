// The ARNs of deliveries and of where they go.
// @see CloudWatch Logs API reference, DeliveryDestinationConfiguration; Service Authorization Reference
import type { DestinationSettings } from './delivery.ts';

/** Whose deliveries they are. */
export interface DeliveryOwner {
  readonly account: string;
  readonly region: string;
}

export type DeliveryObject = 'delivery-source' | 'delivery-destination' | 'delivery';

/** The ARN of an object of ours. */
export function deliveryArn(
  { account, region }: DeliveryOwner,
  object: DeliveryObject,
  name: string,
): string {
  return `arn:aws:logs:${region}:${account}:${object}:${name}`;
}

/** The name in the ARN of an object of ours; undefined when it is the ARN of something else. */
export function nameInArn(
  owner: DeliveryOwner,
  object: DeliveryObject,
  arn: string,
): string | undefined {
  const prefix = deliveryArn(owner, object, '');
  return arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined;
}

const LOG_GROUP =
  /^arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([.\-_/#A-Za-z0-9]{1,512})(?::\*)?$/;

/** @see Amazon S3 user guide, "Bucket naming rules"; the path is what objects' keys begin with */
const BUCKET = /^arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;
const STREAM =
  /^arn:aws[a-z-]*:firehose:([a-z0-9-]+):\d{12}:deliverystream\/([a-zA-Z0-9_.-]{1,64})$/;

/**
 * Where the ARN of a destination is: a bucket, a Firehose stream, or a log group. The organization's own account and region are this
 * Mailtrail, unless the environment sends CloudWatch Logs elsewhere. Undefined when it is none.
 */
export function settingsOfArn(
  arn: string,
  owner: DeliveryOwner,
  isElsewhere: boolean,
): DestinationSettings | undefined {
  const [inS3, bucket = '', prefix = ''] = BUCKET.exec(arn) ?? [];
  if (inS3 !== undefined) return { type: 'S3', bucket, ...(prefix !== '' && { prefix }) };
  const [inFirehose, streamRegion = '', streamName = ''] = STREAM.exec(arn) ?? [];
  if (inFirehose !== undefined) return { type: 'FH', streamName, region: streamRegion };
  const match = LOG_GROUP.exec(arn);
  if (match === null) return undefined;
  const [, region = '', account = '', logGroupName = ''] = match;
  const own = account === owner.account && region === owner.region;
  return own && !isElsewhere
    ? { type: 'LOCAL', logGroupName }
    : { type: 'CWL', logGroupName, region };
}
