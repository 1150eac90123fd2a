// What can be delivered how: one template for each log and kind of destination.
// @see CloudWatch Logs API reference, DescribeConfigurationTemplates, ConfigurationTemplate
import { z } from 'zod';
import { LOG_TYPE_SPECS } from '../../../../event/log-type.ts';
import { text } from '../../constraint.ts';
import { operation, type Operation } from '../../operation.ts';
import { pageAfter, PageTokens } from '../../page-token.ts';
import type { LogsOptions } from '../logs-options.ts';
import { DESCRIBE_LIMIT_DEFAULT, DescribeLimit, NextToken } from '../shapes.ts';

const SERVICE = 'workmail';
const RESOURCE_TYPE = 'organization';

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

const TEMPLATES = LOG_TYPE_SPECS.map(({ logType, fields }) => ({
  service: SERVICE,
  logType,
  resourceType: RESOURCE_TYPE,
  deliveryDestinationType: 'CWL' as const,
  defaultDeliveryConfigValues: { recordFields: fields.map(({ path }) => path) },
  allowedFields: fields.map(({ path }) => ({ name: path, mandatory: false })),
  allowedOutputFormats: ['json'],
  allowedFieldDelimiters: [],
  allowedSuffixPathFields: [],
})).toSorted((a, b) => (a.logType < b.logType ? -1 : 1));

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
    const { page, next } = pageAfter(chosen, ({ logType }) => logType, after, most);
    return {
      configurationTemplates: page,
      ...(next !== undefined && { nextToken: tokens.make(next) }),
    };
  });
  return { ...described, invalidInput: 'ValidationException' };
}
