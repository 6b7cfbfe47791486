import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { findFolders } from './case-files.ts'
import { runFolder } from './run-folder.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const CASES = process.env['TRIBUTARY_SHARED_CASES'] ?? join(ROOT, '..', 'shared', 'hasura-cases', 'queries')
const EXPECTATIONS: {
  readonly outOfScope: readonly string[]
  readonly knownDifferences: Readonly<Record<string, string>>
} = parse(readFileSync(join(import.meta.dirname, 'expectations.yaml'), 'utf8'))

const isThere = existsSync(CASES)
if (!isThere) process.stderr.write(`Hasura's cases are not in ${CASES} (TRIBUTARY_SHARED_CASES): skipped\n`)
const folders = isThere ? findFolders(CASES) : []

describe.skipIf(!isThere)("Hasura's own cases", () => {
  test('are there', () => {
    expect(folders.length).toBeGreaterThan(0)
  })

  test.for(folders.map((folder) => [folder.name, folder] as const))('in %s pass', async ([name, folder]) => {
    const { verdicts } = await runFolder(folder, inject('testServer').adminUrl)
    const isKnown = (label: string) => `${name}/${label}` in EXPECTATIONS.knownDifferences
    const failed = verdicts.filter((verdict) => verdict.outcome === 'failed' && !isKnown(verdict.name))
    const skipped = verdicts.filter(({ outcome }) => outcome === 'not applicable')
    expect(failed).toEqual([])
    expect(skipped.filter(({ reason }) => !EXPECTATIONS.outOfScope.includes(reason ?? ''))).toEqual([])
  })
})
