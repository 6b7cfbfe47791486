import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { type Folder, findFolders } from './case-files.ts'
import type { FolderReport, Verdict } from './run-folder.ts'
import { ONLY_OVER_HTTP } from './send.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const CASES = process.env['TRIBUTARY_SHARED_CASES'] ?? join(ROOT, '..', 'shared', 'hasura-cases', 'queries')
const EXPECTATIONS: {
  readonly outOfScope: readonly string[]
  readonly knownDifferences: Readonly<Record<string, string>>
} = parse(readFileSync(join(import.meta.dirname, 'expectations.yaml'), 'utf8'))

/** Hasura's own cases, none with a line on standard error where they are not there. */
export function findSharedFolders(): readonly Folder[] {
  if (existsSync(CASES)) return findFolders(CASES)
  process.stderr.write(`Hasura's cases are not in ${CASES} (TRIBUTARY_SHARED_CASES): skipped\n`)
  return []
}

/** Cases that failed, or were left out for a feature that is in scope. */
export function unexpected({ name, verdicts }: FolderReport): readonly Verdict[] {
  return verdicts.filter(({ name: label, outcome, reason = '' }) => {
    if (outcome === 'failed') return !(`${name}/${label}` in EXPECTATIONS.knownDifferences)
    return outcome === 'not applicable' && !isOutOfScope(reason)
  })
}

function isOutOfScope(reason: string): boolean {
  return EXPECTATIONS.outOfScope.includes(reason) || Object.values<string>(ONLY_OVER_HTTP).includes(reason)
}
