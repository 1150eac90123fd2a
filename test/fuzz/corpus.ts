// Where the recordings are that the fuzzing starts from.
import { join } from 'node:path';

/** The built file lies one level deeper than the source. */
const FROM_HERE = import.meta.filename.endsWith('.ts') ? '../..' : '../../..';

/** The folder of recordings. */
export const CORPUS = join(import.meta.dirname, FROM_HERE, 'test', 'corpus');
