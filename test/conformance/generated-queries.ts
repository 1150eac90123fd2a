// Queries made by chance: syntax trees of every form, for properties of the printer, the compiler
// and the engine.
import fc from 'fast-check';
import type {
  Argument,
  Command,
  Expression,
  Item,
  Name,
  ParseCommand,
  Period,
  Query,
  RegexLiteral,
  Source,
  StringLiteral,
  TimeBound,
} from '../../src/insights/ast.ts';
import { arityOf, kindOfParameter } from '../../src/insights/functions/arity.ts';
import type { FunctionDefinition, ParameterKind } from '../../src/insights/functions/function.ts';
import { FUNCTIONS } from '../../src/insights/functions/registry.ts';

const PLACE = { start: 0, end: 0 };

/** Names of all kinds of fields, and what somebody might try to break out with. */
export const FIELD_NAMES = [
  '@timestamp',
  '@message',
  '@log',
  '@logStream',
  '@ptr',
  '@ingestionTime',
  'event_timestamp',
  'user',
  'source_ip',
  'protocol',
  'auth_successful',
  'source_port',
  'message_size',
  'event.recipients',
  'event.recipients.0',
  'event.bouncedRecipient',
  'event.bouncedRecipient.status',
  'event.ruleActions.0.action',
  'event.messageTimestamp',
  'scopes',
  'unknown',
  'unknown.path.2',
  'event.unknown',
] as const;

export const HOSTILE_TEXTS = [
  "'",
  '"',
  "' OR 1=1 --",
  "'); DROP TABLE events; --",
  '\\',
  "\\'",
  '{p1:String}',
  '/* */',
  '-- x',
  ') UNION ALL SELECT 1',
  '$$',
  "''",
  '\u0000',
  '_e0_1',
  'FORMAT JSON',
  '😀\u2028',
] as const;

/** Words of the language, and what looks like something else. */
const TRICKY_NAMES = [
  'by',
  'true',
  '5m',
  'a b',
  '2',
  'csv',
  'xml',
  'logfmt',
  'multi',
  'offset',
  'into',
  'source',
] as const;

const text = fc.oneof(
  fc.constantFrom('IMAP', 'a', '5', '1.5', '', 'true', '10.0.0.1'),
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);

const number: fc.Arbitrary<Expression> = fc
  .oneof(fc.nat(100), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }))
  // Minus zero is the sign and zero.
  .map((value) => ({ kind: 'number', value: Math.abs(value), ...PLACE }));
const string: fc.Arbitrary<StringLiteral> = text.map((value) => ({
  kind: 'string',
  value,
  ...PLACE,
}));
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...FIELD_NAMES) },
  fc.constantFrom(...HOSTILE_TEXTS, ...TRICKY_NAMES),
);
const field: fc.Arbitrary<Expression> = name.map((name) => ({ kind: 'field', name, ...PLACE }));
const boolean: fc.Arbitrary<Expression> = fc
  .boolean()
  .map((value) => ({ kind: 'boolean', value, ...PLACE }));
const regex: fc.Arbitrary<RegexLiteral> = fc
  .constantFrom('a', '^x.*$', '(?i)im(a|p)', '[/\\]]+\\/', "'; --", '\\d{2,3}', '"', '', '\\x00')
  .map((source) => ({ kind: 'regex', source, ...PLACE }));

/** `parse` and the like have their own constants: what a function accepts. */
const CONSTANT_TEXTS: Readonly<Record<string, string>> = {
  isIpInSubnet: '10.0.0.0/8',
  isIpv4InSubnet: '10.0.0.0/8',
  isIpv6InSubnet: '2001:db8::/32',
  regexReplace: '(a|[0-9]+)',
  parseDate: 'UTC',
  formatDate: 'UTC',
};

const period: fc.Arbitrary<Period> = fc.record({
  kind: fc.constant('period'),
  count: fc.integer({ min: 1, max: 400 }),
  unit: fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w', 'mo', 'q', 'y'),
  start: fc.constant(0),
  end: fc.constant(0),
});

function argumentOf(
  kind: ParameterKind,
  definition: FunctionDefinition,
  value: fc.Arbitrary<Expression>,
): fc.Arbitrary<Argument> {
  switch (kind) {
    case 'period':
      return period;
    case 'constant number':
      return fc.nat(100).map((value) => ({ kind: 'number', value, ...PLACE }));
    case 'constant text': {
      const constant = CONSTANT_TEXTS[definition.name];
      return constant === undefined
        ? string
        : fc.constant({ kind: 'string', value: constant, ...PLACE });
    }
    case 'row':
      return fc.oneof(value, fc.constant({ kind: 'star' as const, ...PLACE }));
    default:
      return value;
  }
}

function callOf(
  definition: FunctionDefinition,
  value: fc.Arbitrary<Expression>,
): fc.Arbitrary<Expression> {
  const { least, most } = arityOf(definition);
  const called = (args: readonly Argument[]): Expression => ({
    kind: 'call',
    name: definition.name,
    args,
    ...PLACE,
  });
  if (definition.name === 'bin') return period.map((each) => called([each]));
  return fc
    .integer({ min: least, max: Math.min(most, least + 3) })
    .chain((count) =>
      fc.tuple(
        ...Array.from({ length: count }, (_, index) =>
          argumentOf(kindOfParameter(definition, index), definition, value),
        ),
      ),
    )
    .map(called);
}

/** A query inside of a query, of one column. */
const subquery: fc.Arbitrary<Query> = fc.tuple(field, field).map(([condition, expression]) => ({
  kind: 'query',
  commands: [
    { kind: 'filter', condition, ...PLACE },
    { kind: 'fields', items: [{ expression, ...PLACE }], ...PLACE },
  ],
  ...PLACE,
}));

function expressionsWith(functions: readonly FunctionDefinition[]): fc.Arbitrary<Expression> {
  return fc.letrec<{ expression: Expression }>((tie) => {
    const inner = tie('expression');
    const place = { start: fc.constant(0), end: fc.constant(0) };
    const list = fc.array(fc.oneof(string, number), { minLength: 1, maxLength: 3 });
    return {
      expression: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        field,
        string,
        number,
        boolean,
        ...functions.map((definition) => callOf(definition, inner)),
        fc.record({
          kind: fc.constant('unary' as const),
          operator: fc.constantFrom('-' as const, 'not' as const),
          operand: inner,
          ...place,
        }),
        ...[1, 2, 3].map(() =>
          fc.record({
            kind: fc.constant('binary' as const),
            operator: fc.constantFrom(
              ...(['+', '-', '*', '/', '%', '^', '=', '!=', '<', '<=', '>', '>='] as const),
            ),
            left: inner,
            right: inner,
            ...place,
          }),
        ),
        fc.record({
          kind: fc.constant('logical' as const),
          operator: fc.constantFrom('and' as const, 'or' as const),
          operands: fc.array(inner, { minLength: 2, maxLength: 3 }),
          ...place,
        }),
        fc.record({
          kind: fc.constant('like' as const),
          negated: fc.boolean(),
          subject: inner,
          pattern: fc.oneof(string, regex),
          ...place,
        }),
        fc.record({
          kind: fc.constant('in' as const),
          negated: fc.boolean(),
          subject: inner,
          list: fc.oneof(list, field, subquery),
          ...place,
        }),
        fc.record({
          kind: fc.constant('member' as const),
          object: field,
          key: fc.nat(3),
          ...place,
        }),
      ),
    };
  }).expression;
}

/** Expressions over one event. */
export const expression: fc.Arbitrary<Expression> = expressionsWith(
  FUNCTIONS.filter(({ aggregate }) => aggregate !== true),
);

/** Calls of aggregate functions. */
export const aggregate: fc.Arbitrary<Expression> = fc
  .constantFrom(
    ...FUNCTIONS.filter(({ aggregate, hidden }) => aggregate === true && hidden !== true),
  )
  .chain((definition) => callOf(definition, expression));

function named(made: fc.Arbitrary<Expression>, prefix: string): fc.Arbitrary<Item[]> {
  return fc.array(fc.tuple(made, fc.boolean(), name), { minLength: 1, maxLength: 3 }).map((items) =>
    items.map(([expression, aliased, word], index): Item => {
      const alias: Name = { name: `${prefix}${index} ${word}`, ...PLACE };
      return { expression, ...(aliased && { alias }), ...PLACE };
    }),
  );
}

const filterIndex: fc.Arbitrary<Command> = fc
  .tuple(field, fc.oneof(string, number), fc.boolean())
  .map(([subject, value, listed]): Command => {
    const condition: Expression = listed
      ? { kind: 'in', negated: false, subject, list: [value, value], ...PLACE }
      : { kind: 'binary', operator: '=', left: subject, right: value, ...PLACE };
    return { kind: 'filterIndex', condition, ...PLACE };
  });

/** Patterns of `parse` with one name each. */
const parsed: fc.Arbitrary<Pick<ParseCommand, 'pattern' | 'multi'>> = fc.oneof(
  text.map((glob) => {
    const value = `${glob.replaceAll('*', '')}*`;
    return { pattern: { kind: 'string' as const, value, ...PLACE } };
  }),
  fc.boolean().map((multi) => {
    const pattern = { kind: 'regex' as const, source: '(\\w+)', ...PLACE };
    return multi ? { pattern, multi } : { pattern };
  }),
  fc
    .constantFrom('logfmt' as const, 'csv' as const)
    .map((kind) => ({ pattern: { kind, ...PLACE } })),
  fc.constantFrom('/a/b', '/a.b/x:c/@d', 'a/text()').map((value) => {
    const path = { kind: 'string' as const, value, ...PLACE };
    return { pattern: { kind: 'xml' as const, path, ...PLACE } };
  }),
);

const parse: fc.Arbitrary<Command> = fc
  .tuple(fc.option(field, { nil: undefined }), parsed, name)
  .map(([source, how, word]): Command => {
    const aliases = [{ name: `p ${word}`, ...PLACE }];
    return { kind: 'parse', ...(source && { source }), ...how, aliases, ...PLACE };
  });

/** `join`, with names of all kinds. */
const join: fc.Arbitrary<Command> = fc
  .tuple(
    fc.constantFrom('inner' as const, 'left' as const),
    fc.tuple(name, name, name, name, name).map((words) => {
      const [left, right, leftKey, rightKey, group] = words;
      const named = (word: string): Name => ({ name: word, ...PLACE });
      const source: Source = { kind: 'named', names: [named(group)], ...PLACE };
      return {
        left: named(`l ${left}`),
        right: named(`r ${right}`),
        leftKey: named(leftKey),
        rightKey: named(rightKey),
        query: { kind: 'query' as const, sources: [source], commands: [], ...PLACE },
      };
    }),
  )
  .map(([type, sides]): Command => ({ kind: 'join', type, ...sides, ...PLACE }));

/** `lookup` and `cidrlookup`, with names of all kinds. */
const lookup: fc.Arbitrary<Command> = fc
  .tuple(fc.array(name, { minLength: 5, maxLength: 5 }), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([words, aliased, keeps, network]): Command => {
    const [table, column, field, out, alias] = words.map((each) => ({ name: each, ...PLACE }));
    if (!table || !column || !field || !out || !alias) throw new Error('five names were asked for');
    const outputs = [{ column: out, ...(aliased && { alias }), ...PLACE }];
    if (network) {
      const key = { field, ...(aliased && { column }) };
      return { kind: 'cidrlookup', table, ...key, keeps, outputs, ...PLACE };
    }
    const keys = [{ column }, { column: alias, ...(aliased && { field }) }];
    return { kind: 'lookup', table, keys, keeps, outputs, ...PLACE };
  });

/** Each command by itself; only some orders of them are queries. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  named(expression, 'f').map((items): Command => ({ kind: 'fields', items, ...PLACE })),
  named(expression, 'd').map((items): Command => ({ kind: 'display', items, ...PLACE })),
  expression.map((condition): Command => ({ kind: 'filter', condition, ...PLACE })),
  fc
    .tuple(
      named(aggregate, 's'),
      fc.option(named(expression, 'b'), { nil: [] }),
      fc.option(period, { nil: undefined }),
    )
    .map(([items, by, offset]): Command => {
      return { kind: 'stats', items, by, ...(offset && { offset }), ...PLACE };
    }),
  filterIndex,
  fc
    .array(fc.tuple(expression, fc.constantFrom('asc' as const, 'desc' as const)), {
      minLength: 1,
      maxLength: 2,
    })
    .map((keys): Command => {
      const sorted = keys.map(([expression, direction]) => ({ expression, direction, ...PLACE }));
      return { kind: 'sort', keys: sorted, ...PLACE };
    }),
  fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.boolean()).map(([count, any]): Command => {
    return { kind: 'limit', count, any, ...PLACE };
  }),
  fc
    .array(expression, { minLength: 1, maxLength: 2 })
    .map((keys): Command => ({ kind: 'dedup', keys, ...PLACE })),
  parse,
  fc.tuple(field, name).map(([list, word]): Command => {
    return { kind: 'unnest', list, alias: { name: `u ${word}`, ...PLACE }, ...PLACE };
  }),
  fc.tuple(name, fc.boolean()).map(([word, aliased]): Command => {
    const alias = { name: `x ${word}`, ...PLACE };
    return { kind: 'expand', list: { name: word, ...PLACE }, ...(aliased && { alias }), ...PLACE };
  }),
  fc
    .tuple(name, fc.array(name, { maxLength: 2 }), fc.boolean(), fc.boolean())
    .map(([word, words, row, col]): Command => {
      const fields = words.map((each) => ({ name: each, ...PLACE }));
      return {
        kind: 'addtotals',
        total: { name: `t ${word}`, ...PLACE },
        row,
        col,
        fields,
        ...PLACE,
      };
    }),
  fc
    .tuple(
      name,
      name,
      fc.array(fc.constantFrom('a', 'b[0]', '0', "'"), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
    )
    .map(([word, other, steps, named]): Command => {
      const path = { kind: 'string' as const, value: steps.join('.'), ...PLACE };
      const field = named && { field: { name: other, ...PLACE } };
      return {
        kind: 'json',
        ...field,
        values: [{ path, alias: { name: `j ${word}`, ...PLACE } }],
        ...PLACE,
      };
    }),
  fc.tuple(fc.array(name, { maxLength: 2 }), expression).map(([words, condition]): Command => {
    const fields = words.map((each) => ({ name: each, ...PLACE }));
    return { kind: 'relevantfields', fields, condition, ...PLACE };
  }),
  fc.constant<Command>({ kind: 'estimate', ...PLACE }),
  fc
    .array(expression, { minLength: 1, maxLength: 2 })
    .map((keys): Command => ({ kind: 'countFrequent', keys, ...PLACE })),
  named(expression, 'm').map((items): Command => ({ kind: 'unmask', items, ...PLACE })),
  fc.tuple(name, name, fc.boolean()).map(([word, other, aliased]): Command => {
    const alias = aliased && { alias: { name: `a ${other}`, ...PLACE } };
    return { kind: 'accum', field: { name: word, ...PLACE }, ...alias, ...PLACE };
  }),
  fc.tuple(name, fc.integer({ min: 1, max: 9 }), fc.nat(3)).map(([word, from, more]): Command => {
    const field = { name: word, ...PLACE };
    return { kind: 'autoregress', field, from, to: from + more, ...PLACE };
  }),
  fc.array(fc.tuple(name, fc.boolean()), { minLength: 1, maxLength: 2 }).map((words): Command => {
    const fields = words.map(([word, any]) => ({ name: word, any, ...PLACE }));
    return { kind: 'filldown', fields, ...PLACE };
  }),
  expression.map((source): Command => ({ kind: 'pattern', source, ...PLACE })),
  join,
  lookup,
  fc
    .constantFrom('previous' as const, 'previousDay' as const, 'previousMonth' as const)
    .map((against): Command => ({ kind: 'diff', against, ...PLACE })),
  fc.constant<Command>({ kind: 'anomaly', ...PLACE }),
  fc
    .tuple(subquery, fc.boolean(), fc.integer({ min: 1, max: 100_000 }))
    .map(([query, override, max]): Command => {
      return { kind: 'appendcols', override, max, query, ...PLACE };
    }),
  period.map((timeshift): Command => ({ kind: 'logcompare', timeshift, ...PLACE })),
  fc
    .tuple(
      fc.array(name, { minLength: 1, maxLength: 3 }),
      fc.option(period, { nil: undefined }),
      fc.option(name, { nil: undefined }),
    )
    .map(([words, maxspan, word]): Command => {
      const fields = words.map((each) => ({ name: each, ...PLACE }));
      const alias = word === undefined ? {} : { alias: { name: `s ${word}`, ...PLACE } };
      return { kind: 'sessionize', fields, ...(maxspan && { maxspan }), ...alias, ...PLACE };
    }),
  fc
    .tuple(
      fc.array(name, { minLength: 1, maxLength: 3 }),
      fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      fc.nat(4000),
    )
    .map(([words, [removes, lower, mark], quarters]): Command => {
      const fields = words.map((each) => ({ name: each, ...PLACE }));
      return { kind: 'outlier', removes, factor: quarters / 4, lower, mark, fields, ...PLACE };
    }),
);

const sourceNames = fc.array(
  name.map((word) => ({ name: word, ...PLACE })),
  { minLength: 1, maxLength: 3 },
);

const bound: fc.Arbitrary<TimeBound> = fc
  .tuple(
    fc.constantFrom(1 as const, -1 as const),
    fc.oneof(
      period,
      fc.constant({ kind: 'field' as const, name: 'now', ...PLACE }),
      fc.nat(2e9).map((value) => ({ kind: 'number' as const, value, ...PLACE })),
    ),
  )
  .map(([sign, value]) => ({ terms: [{ sign, value, ...PLACE }], ...PLACE }));

/** Every form of `SOURCE`. */
export const source: fc.Arbitrary<Source> = fc
  .tuple(
    fc.oneof(
      sourceNames.map((names) => ({ kind: 'named' as const, names })),
      fc
        .tuple(
          fc.dictionary(fc.constantFrom('namePrefix', 'accountIdentifiers'), sourceNames),
          fc.option(sourceNames, { nil: undefined }),
          fc.option(sourceNames, { nil: undefined }),
        )
        .map(([logGroups, dataSources, values]) => ({
          kind: 'selection' as const,
          logGroups,
          ...(dataSources && { dataSources }),
          ...(values && { tags: [{ key: { name: 'k', ...PLACE }, values, ...PLACE }] }),
        })),
    ),
    fc.option(bound, { nil: undefined }),
    fc.option(bound, { nil: undefined }),
  )
  .map(([chosen, from, to]) => ({ ...chosen, ...(from && { from }), ...(to && { to }), ...PLACE }));

/** Queries; their order of commands may be one that is refused. */
export const query: fc.Arbitrary<Query> = fc
  .tuple(
    fc.option(fc.array(source, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 3 }),
    fc.array(command, { minLength: 1, maxLength: 4 }),
  )
  .map(([sources, commands]) => ({
    kind: 'query',
    ...(sources && { sources }),
    commands,
    ...PLACE,
  }));

/** A tree without the places its nodes came from. */
export function withoutPlaces(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => {
      return key === 'start' || key === 'end' ? undefined : value;
    }),
  );
}
