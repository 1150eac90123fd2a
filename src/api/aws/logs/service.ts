// CloudWatch Logs as a service of the API: all its operations by name.
import type { AwsService } from '../operation.ts';
import { describeConfigurationTemplates } from './deliveries/configuration-templates.ts';
import { deliveryOperations } from './deliveries/delivery-operations.ts';
import { testMetricFilter } from './filter-patterns.ts';
import { logGroupOperations } from './log-groups.ts';
import { logStreamOperations } from './log-streams.ts';
import { EVENT_SOURCE, type LogsOptions } from './logs-options.ts';
import { putLogEvents } from './put-log-events.ts';
import { queryOperations } from './queries/query-operations.ts';
import { queryDefinitionOperations } from './query-definitions.ts';
import { filterLogEvents } from './read/filter-log-events.ts';
import { getLogEvents } from './read/get-log-events.ts';
import { startLiveTail } from './read/live-tail.ts';
import { getLogGroupFields, getLogRecord } from './read/record-and-fields.ts';
import { retentionOperations } from './retention.ts';
import { tagOperations } from './tags.ts';

/** Makes the service. */
export function createLogsService(options: LogsOptions): AwsService {
  return {
    target: 'Logs_20140328',
    eventSource: EVENT_SOURCE,
    invalidInput: 'InvalidParameterException',
    operations: {
      ...logGroupOperations(options),
      ...logStreamOperations(options),
      ...retentionOperations(options),
      ...tagOperations(options),
      ...queryDefinitionOperations(options),
      ...queryOperations(options),
      ...deliveryOperations(options),
      DescribeConfigurationTemplates: describeConfigurationTemplates(options),
      PutLogEvents: putLogEvents(options),
      GetLogEvents: getLogEvents(options),
      FilterLogEvents: filterLogEvents(options),
      GetLogRecord: getLogRecord(options),
      GetLogGroupFields: getLogGroupFields(options),
      StartLiveTail: startLiveTail(options),
      TestMetricFilter: testMetricFilter(),
    },
  };
}
