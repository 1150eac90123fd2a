// The rows of `lookup` and `cidrlookup`: each beside the row that a lookup table has for it. The table
// goes to the engine as one bound value, and is a side of a join there.
import ipaddr from 'ipaddr.js';
import type { Name } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { LOOKUP_CHARS_MAX } from '../limits.ts';
import type { LookupTable, LookupTables } from '../lookup-table.ts';
import type { LookupMatch, Stage } from '../plan/plan.ts';
import type { Block, RowSource } from './block.ts';
import type { Parameters } from './parameters.ts';
import { asShownText, type SqlValue } from './value.ts';

type LookupStage = Stage & { readonly kind: 'lookup' };
type Rows = readonly (readonly (string | null)[])[];

/** The column of networks where the query does not name it and none has the field's name. */
const NETWORK_COLUMN = 'cidr';

function tableNamed(name: Name, tables: LookupTables): LookupTable {
  const table = tables.get(name.name);
  const shown = JSON.stringify(name.name.slice(0, 256));
  if (table === undefined) throw new MalformedQuery(`lookup table ${shown} does not exist`, name);
  if ('problem' in table) {
    throw new MalformedQuery(`lookup table ${shown} cannot be read: ${table.problem}`, name);
  }
  return table;
}

function columnNamed({ columns }: LookupTable, column: Name): number {
  const index = columns.indexOf(column.name);
  if (index >= 0) return index;
  const names = columns.join(', ').slice(0, 500);
  throw new MalformedQuery(
    `the lookup table has no column ${column.name}: it has ${names}`,
    column,
  );
}

/** Of rows with the same keys the first one counts. */
function equalRows(table: LookupTable, keys: readonly number[], outputs: readonly number[]): Rows {
  const seen = new Set<string>();
  const rows: string[][] = [];
  for (const row of table.rows) {
    const cells = keys.map((index) => row[index] ?? '');
    const key = JSON.stringify(cells);
    if (seen.has(key)) continue;
    seen.add(key);
    rows.push([...cells, ...outputs.map((index) => row[index] ?? '')]);
  }
  return rows;
}

interface Network {
  readonly first: bigint;
  /** The first address after it. */
  readonly end: bigint;
  readonly cells: readonly string[];
}

/** IPv4 addresses lie among those of IPv6 where RFC 4291, section 2.5.5.2, maps them. */
function networkOf(text: string): { first: bigint; end: bigint } | undefined {
  const [host = '', length] = text.trim().split('/');
  if (!ipaddr.IPv4.isValidFourPartDecimal(host) && !ipaddr.IPv6.isValid(host)) return undefined;
  const address = ipaddr.parse(host);
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const free = BigInt(bits) - BigInt(length ?? bits);
  if (free < 0n) return undefined;
  const mapped = bits === 32 ? 0xffffn : 0n;
  const value = address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), mapped);
  const first = (value >> free) << free;
  return { first, end: first + (1n << free) };
}

function compared(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * The networks as places where what holds changes, in order: from each on the smallest network that has
 * it, or none. Networks lie inside of each other or apart. Of equal ones the first counts; what is no
 * network is in no place.
 */
function networkRows(table: LookupTable, column: number, outputs: readonly number[]): Rows {
  const networks = table.rows.flatMap((row): Network[] => {
    const network = networkOf(row[column] ?? '');
    return network === undefined
      ? []
      : [{ ...network, cells: outputs.map((index) => row[index] ?? '') }];
  });
  networks.sort((a, b) => compared(a.first, b.first) || compared(b.end, a.end));
  const none = outputs.map(() => null);
  const changes = new Map<bigint, readonly (string | null)[]>();
  const around: Network[] = [];
  const leave = (before: bigint | undefined): void => {
    for (let last = around.at(-1); last; last = around.at(-1)) {
      if (before !== undefined && last.end > before) return;
      around.pop();
      changes.set(last.end, around.at(-1)?.cells ?? none);
    }
  };
  for (const network of networks) {
    leave(network.first);
    const outer = around.at(-1);
    if (outer?.first === network.first && outer.end === network.end) continue;
    around.push(network);
    changes.set(network.first, network.cells);
  }
  leave(undefined);
  // No address is so large.
  changes.delete(1n << 128n);
  return [...changes].map(([from, cells]) => [String(from), ...cells]);
}

function networkColumn(table: LookupTable, match: LookupMatch & { kind: 'network' }): number {
  if (match.column !== undefined) return columnNamed(table, match.column);
  const own = table.columns.indexOf(match.field.name);
  if (own >= 0) return own;
  return Math.max(table.columns.indexOf(NETWORK_COLUMN), 0);
}

function rowsOf(
  { table: name, match, outputs }: LookupStage,
  tables: LookupTables | undefined,
): Rows {
  if (tables === undefined) return [];
  const table = tableNamed(name, tables);
  const keys =
    match.kind === 'equal' ? match.keys.map((key) => columnNamed(table, key.column)) : [];
  const given = outputs.map(({ column }) => columnNamed(table, column));
  return match.kind === 'equal'
    ? equalRows(table, keys, given)
    : networkRows(table, networkColumn(table, match), given);
}

/**
 * Binds the table's rows, each with its keys and then what is given, and gives their placeholder.
 * Throws MalformedQuery when there is no such table or column, or there is too much.
 */
export function boundRows(
  stage: LookupStage,
  tables: LookupTables | undefined,
  parameters: Parameters,
): string {
  const placeholder = parameters.bind(JSON.stringify(rowsOf(stage, tables)), 'String');
  if (parameters.chars <= LOOKUP_CHARS_MAX) return placeholder;
  const message = `the lookup tables of the query have more than ${LOOKUP_CHARS_MAX} characters`;
  throw new MalformedQuery(message, stage.table);
}

/** A field keeps what it has, unless that is an empty text. */
function kept(former: SqlValue | undefined, value: SqlValue): SqlValue {
  if (former === undefined) return value;
  const text = asShownText(former);
  return {
    type: 'text',
    sql: `if(ifNull(${text}, '') = '', coalesce(${value.sql}, ${text}), ${text})`,
  };
}

/**
 * @param rows the placeholder of the table's rows
 * @param depth that of the block around: makes the names of the table's columns unlike all others
 */
export function lookedUp(
  left: { readonly block: Block; readonly keys: readonly string[] },
  { match, outputs, keeps }: LookupStage,
  rows: string,
  depth: number,
): RowSource {
  const source = left.block.asSource();
  const prefix = `_t${depth}`;
  const byNetwork = match.kind === 'network';
  const conditions = left.keys.map((key, index) => {
    const right = `${prefix}_k${index + 1}`;
    if (!byNetwork) return `${left.block.exported(key)} = ${right}`;
    const address = `toIPv6OrNull(${key})`;
    const known = left.block.exported(`isNotNull(${address})`);
    const place = left.block.exported(`toUInt128(ifNull(${address}, toIPv6('::')))`);
    return `${known} = ${prefix}_known AND ${place} >= ${right}`;
  });
  const columns = [
    ...left.keys.map((_, index) => {
      const cell = `assumeNotNull(_row[${index + 1}])`;
      return `${byNetwork ? `toUInt128(${cell})` : cell} AS ${prefix}_k${index + 1}`;
    }),
    ...outputs.map(
      (_, index) => `_row[${left.keys.length + index + 1}] AS ${prefix}_o${index + 1}`,
    ),
    ...(byNetwork ? [`toUInt8(1) AS ${prefix}_known`] : []),
  ];
  // Were it not made a column, the engine would write the value into the names of what it computes.
  const cells = `arrayJoin(JSONExtract(materialize(${rows}), 'Array(Array(Nullable(String)))'))`;
  const table = `(SELECT ${columns.join(', ')} FROM (SELECT ${cells} AS _row))`;
  const given = new Map(
    outputs.map(({ name }, index): [string, SqlValue] => {
      const value: SqlValue = { sql: `${prefix}_o${index + 1}`, type: 'text' };
      return [name, keeps ? kept(source.defined(name) ?? source.field(name), value) : value];
    }),
  );
  return {
    ...source,
    from: () => {
      const how = byNetwork ? 'ASOF LEFT' : 'ANY LEFT';
      return `${source.from()} AS _left ${how} JOIN ${table} AS _right ON ${conditions.join(' AND ')}`;
    },
    defined: (name) => given.get(name) ?? source.defined(name),
  };
}
