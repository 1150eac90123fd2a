// The lookup tables of the administrator: a directory of CSV files, read when a query names one. The file
// system is asked in the midst of a request: one read of 10 MB at most, for queries that look up.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  isLookupTableName,
  LOOKUP_TABLE_BYTES_MAX,
  LOOKUP_TABLES_MAX,
  type LookupTable,
  type LookupTables,
  readLookupTable,
} from '../insights/index.ts';

const EXTENSION = '.csv';

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** The table in a file, or why it cannot be had. Throws when the file cannot be read. */
function readTable(path: string): LookupTable | { readonly problem: string } {
  const { size } = statSync(path);
  if (size > LOOKUP_TABLE_BYTES_MAX) {
    const problem = `${path} has ${size} bytes: at most ${LOOKUP_TABLE_BYTES_MAX} are allowed`;
    return { problem };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { problem: `${path} is not in UTF-8` };
  }
  const table = readLookupTable(text);
  return 'problem' in table ? { problem: `${path}: ${table.problem}` } : table;
}

function tableIn(
  directory: string,
  name: string,
): LookupTable | { readonly problem: string } | undefined {
  try {
    const tables = readdirSync(directory).filter((file) => file.endsWith(EXTENSION)).length;
    if (tables > LOOKUP_TABLES_MAX) {
      const problem = `${directory} has ${tables} tables: at most ${LOOKUP_TABLES_MAX} are allowed`;
      return { problem };
    }
    return readTable(join(directory, `${name}${EXTENSION}`));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    return { problem: `${join(directory, `${name}${EXTENSION}`)} cannot be read (${code})` };
  }
}

/**
 * The tables in a directory, as they are when they are asked for; none while there is no directory.
 *
 * @see CloudWatch Logs user guide, "lookup": CSV with a header in UTF-8, 10 MB, 100 tables
 */
export function lookupTablesIn(directory: () => string | undefined): LookupTables {
  return {
    get: (name) => {
      const from = directory();
      return from === undefined || !isLookupTableName(name) ? undefined : tableIn(from, name);
    },
  };
}
