// The program's name and version, from the package it was installed as.
import { readFileSync } from 'node:fs';

interface PackageFile {
  readonly name: string;
  readonly version: string;
}

/** As package.json has them; the file lies beside dist/. */
export function readVersion(): PackageFile {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as PackageFile;
  return { name, version };
}
