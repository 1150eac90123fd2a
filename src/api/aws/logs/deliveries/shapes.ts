// The members of the requests about deliveries with the constraints that AWS publishes for them.
// @see CloudWatch Logs API reference, PutDeliverySource, PutDeliveryDestination, CreateDelivery
import { z } from 'zod';
import { text } from '../../constraint.ts';
import { DescribeLimit, NextToken, Tags } from '../shapes.ts';

const Name = text(1, 60, '[\\w-]*');
const Arn = text(1, 1011, '[\\w+=/:,.@*-]*');
const Id = text(1, 64, '[0-9A-Za-z]+');
const RecordFields = z.array(text(1, 64)).max(128);
const FieldDelimiter = text(0, 5);
const S3 = z.object({
  suffixPath: text(1, 256).optional(),
  enableHiveCompatiblePath: z.boolean().optional(),
});

export const Named = z.object({ name: Name });
export const ById = z.object({ id: Id });
export const Page = z.object({ nextToken: NextToken.optional(), limit: DescribeLimit.optional() });
export const PutSource = z.object({
  name: Name,
  resourceArn: Arn,
  logType: text(1, 255, '[\\w]*'),
  tags: Tags.optional(),
});
export const PutDestination = z.object({
  name: Name,
  outputFormat: z.enum(['json', 'plain', 'w3c', 'raw', 'parquet']).optional(),
  deliveryDestinationConfiguration: z.object({ destinationResourceArn: Arn }).optional(),
  deliveryDestinationType: z.enum(['S3', 'CWL', 'FH', 'XRAY']).optional(),
  tags: Tags.optional(),
});
export const NamedDestination = z.object({ deliveryDestinationName: Name });
export const PutPolicy = z.object({
  deliveryDestinationName: Name,
  deliveryDestinationPolicy: text(1, 51_200),
});
export const Chosen = z.object({
  recordFields: RecordFields.optional(),
  fieldDelimiter: FieldDelimiter.optional(),
  s3DeliveryConfiguration: S3.optional(),
});
export const Create = Chosen.extend({
  deliverySourceName: Name,
  deliveryDestinationArn: Arn,
  tags: Tags.optional(),
});
export const Update = Chosen.extend({ id: Id });
