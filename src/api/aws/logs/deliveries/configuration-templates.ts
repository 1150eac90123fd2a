// What can be delivered how: one template for each log and kind of destination.
// @see CloudWatch Logs API reference, DescribeConfigurationTemplates, ConfigurationTemplate
import { z } from 'zod';
import { LOG_TYPE_SPECS } from '../../../../event/log-type.ts';
import { DEFAULT_FIELD_DELIMITER } from '../../../../deliver/format/record-text.ts';
import { isDelimited, OUTPUT_FORMATS } from '../../../../deliver/output-formats.ts';
import { DEFAULT_SUFFIX_PATH, SUFFIX_VARIABLES } from '../../../../deliver/s3/object-key.ts';
import { text } from '../../constraint.ts';
import { operation, type Operation } from '../../operation.ts';
import { pageAfter, PageTokens } from '../../page-token.ts';
import type { LogsOptions } from '../logs-options.ts';
import { DESCRIBE_LIMIT_DEFAULT, DescribeLimit, NextToken } from '../shapes.ts';

const SERVICE = 'workmail';
const RESOURCE_TYPE = 'organization';
/** Others of ASCII's marks may be chosen, too. */
const DELIMITERS_SUGGESTED = ['\t', ' ', '|', ',', ';'];

const Name = text(1, 255, '[\\w-]*');
const DescribeConfigurationTemplates = z.object({
  service: Name.optional(),
  logTypes: z
    .array(text(1, 255, '[\\w]*'))
    .min(1)
    .max(10)
    .optional(),
  resourceTypes: z.array(Name).min(1).max(10).optional(),
  deliveryDestinationTypes: z
    .array(z.enum(['S3', 'CWL', 'FH', 'XRAY']))
    .min(1)
    .max(4)
    .optional(),
  nextToken: NextToken.optional(),
  limit: DescribeLimit.optional(),
});

const TYPES = ['CWL', 'FH', 'S3'] as const;

const TEMPLATES = LOG_TYPE_SPECS.flatMap(({ logType, fields }) =>
  TYPES.map((type) => {
    const formats = OUTPUT_FORMATS[type];
    const forS3 = type === 'S3';
    return {
      service: SERVICE,
      logType,
      resourceType: RESOURCE_TYPE,
      deliveryDestinationType: type,
      defaultDeliveryConfigValues: {
        recordFields: fields.map(({ path }) => path),
        ...(formats.some(isDelimited) && { fieldDelimiter: DEFAULT_FIELD_DELIMITER }),
        ...(forS3 && {
          s3DeliveryConfiguration: {
            suffixPath: DEFAULT_SUFFIX_PATH,
            enableHiveCompatiblePath: false,
          },
        }),
      },
      allowedFields: fields.map(({ path }) => ({ name: path, mandatory: false })),
      allowedOutputFormats: formats,
      allowedFieldDelimiters: formats.some(isDelimited) ? DELIMITERS_SUGGESTED : [],
      allowedSuffixPathFields: forS3 ? SUFFIX_VARIABLES : [],
    };
  }),
).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

function keyOf(template: {
  readonly logType: string;
  readonly deliveryDestinationType: string;
}): string {
  return `${template.logType} ${template.deliveryDestinationType}`;
}

/** The operation. */
export function describeConfigurationTemplates({ clock }: LogsOptions): Operation {
  const tokens = new PageTokens<string>('DescribeConfigurationTemplates', () => clock.now());
  const described = operation('read', DescribeConfigurationTemplates, (input) => {
    const { service, logTypes, resourceTypes, deliveryDestinationTypes, nextToken, limit } = input;
    const chosen = TEMPLATES.filter(
      ({ logType, deliveryDestinationType: type }) =>
        (service === undefined || service === SERVICE) &&
        (logTypes === undefined || logTypes.includes(logType)) &&
        (resourceTypes === undefined || resourceTypes.includes(RESOURCE_TYPE)) &&
        (deliveryDestinationTypes === undefined || deliveryDestinationTypes.includes(type)),
    );
    const after = tokens.read(nextToken);
    const most = limit ?? DESCRIBE_LIMIT_DEFAULT;
    const { page, next } = pageAfter(chosen, keyOf, after, most);
    return {
      configurationTemplates: page,
      ...(next !== undefined && { nextToken: tokens.make(next) }),
    };
  });
  return { ...described, invalidInput: 'ValidationException' };
}
