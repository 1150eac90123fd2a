// The ARN of where a described delivery goes: AWS's for what AWS has, one of Mailtrail's for the rest.
import type { DeliveryOwner } from './arn.ts';
import type { DestinationSettings } from './delivery.ts';

/** @param name the destination's name */
export function resourceArnOf(
  settings: DestinationSettings,
  { account, region }: DeliveryOwner,
  name: string,
): string {
  switch (settings.type) {
    case 'S3': {
      const path = settings.prefix === undefined ? '' : `/${settings.prefix}`;
      return `arn:aws:s3:::${settings.bucket}${path}`;
    }
    case 'FH': {
      const where = `${settings.region ?? region}:${account}`;
      return `arn:aws:firehose:${where}:deliverystream/${settings.streamName}`;
    }
    case 'CWL':
      return `arn:aws:logs:${settings.region ?? region}:${account}:log-group:${settings.logGroupName}`;
    case 'LOCAL':
      return `arn:aws:logs:${region}:${account}:log-group:${settings.logGroupName}`;
    default:
      return `arn:aws:mailtrail:${region}:${account}:${settings.type.toLowerCase()}/${name}`;
  }
}
