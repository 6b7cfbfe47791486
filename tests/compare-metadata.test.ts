import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from 'vitest'
import { compareMetadata } from './support/compare-metadata.ts'

const METADATA = join(import.meta.dirname, '../hasura/metadata')

const test = base.extend<{ copy: string }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  copy: async ({}, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-metadata-'))
    cpSync(METADATA, directory, { recursive: true })
    await use(directory)
    rmSync(directory, { recursive: true })
  },
})

test('two layouts of the same metadata are the same, and an empty file may be missing', ({ copy }) => {
  const file = join(copy, 'actions.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replaceAll("'{{", '"{{')
      .replaceAll(/(\{\{.*)'$/gm, '$1"'),
  )
  rmSync(join(copy, 'cron_triggers.yaml'))
  expect(compareMetadata(METADATA, copy)).toEqual([])
})

test('a rule that is looser is a difference', ({ copy }) => {
  const file = join(copy, 'databases/default/tables/public_activities.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/limit: \d+/, 'limit: 1000000'))
  expect(compareMetadata(METADATA, copy)).toEqual(['databases/default/tables/public_activities.yaml differs'])
})
