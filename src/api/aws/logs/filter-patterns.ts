// Filter patterns in requests: parsed or refused in AWS's form, and tried on messages by TestMetricFilter.
// @see CloudWatch Logs API reference, TestMetricFilter
import { z } from 'zod';
import {
  createMatcher,
  type FilterPattern as ParsedPattern,
  InvalidFilterPattern,
  parseFilterPattern,
} from '../../../insights/filter-pattern/index.ts';
import { operation, type Operation } from '../operation.ts';
import { invalidParameter } from './refusal.ts';
import { FilterPattern } from './shapes.ts';

/** Parses the pattern of a request; throws InvalidParameterException. */
export function patternOf(text: string): ParsedPattern {
  try {
    return parseFilterPattern(text);
  } catch (error) {
    if (error instanceof InvalidFilterPattern) throw invalidParameter(error.message);
    throw error;
  }
}

const TestMetricFilter = z.object({
  filterPattern: FilterPattern,
  logEventMessages: z.array(z.string().min(1)).min(1).max(50),
});

/** The operation. */
export function testMetricFilter(): Operation {
  return operation('read', TestMetricFilter, ({ filterPattern, logEventMessages }) => {
    const matcher = createMatcher(patternOf(filterPattern));
    const matches = logEventMessages.flatMap((eventMessage, index) => {
      const extractedValues = matcher.match(eventMessage);
      if (extractedValues === undefined) return [];
      return [{ eventNumber: index + 1, eventMessage, extractedValues }];
    });
    return { matches };
  });
}
