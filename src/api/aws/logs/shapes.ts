// The members of CloudWatch Logs' requests with the constraints that AWS publishes for them.
// @see CloudWatch Logs API reference 2014-03-28, the page of each operation and data type
import { z } from 'zod';
import { text, whole } from '../constraint.ts';

export const LogGroupName = text(1, 512, '[\\.\\-_/#A-Za-z0-9]+');
export const LogGroupIdentifier = text(1, 2048, '[\\w#+=/:,.@-]*');
export const LogStreamName = text(1, 512, '[^:*]*');
export const LogGroupClass = z.enum(['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY']);
export const KmsKeyId = text(0, 256);
export const NextToken = text(1, 8192);
/** Of the Describe operations; 50 when it is not said. */
export const DescribeLimit = whole(1, 50);
export const DESCRIBE_LIMIT_DEFAULT = 50;
/** ms since the Unix epoch, or seconds in StartQuery. */
export const Timestamp = whole(0);
export const EventsLimit = whole(1, 10_000);
export const FilterPattern = text(0, 1024);
export const AccountId = text(12, 12, '\\d{12}');

export const TagKey = text(1, 128, '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+');
export const TagValue = text(0, 256, '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*');
export const TAGS_MAX = 50;
export const Tags = z
  .record(TagKey, TagValue)
  .refine((tags) => Object.keys(tags).length <= TAGS_MAX, {
    message: 'too many tags',
  });
export const TagKeys = z.array(TagKey).max(TAGS_MAX);
export const ResourceArn = text(1, 1011, '[\\w+=/:,.@-]*');

export const QueryLanguage = z.enum(['CWLI', 'SQL', 'PPL']);
export const QueryId = text(1, 256);
export const QueryStatus = z.enum([
  'Scheduled',
  'Running',
  'Complete',
  'Failed',
  'Cancelled',
  'Timeout',
  'Unknown',
]);
