import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, describe, expect } from 'vitest'
import { createMigration } from './new-migration.ts'

const test = base.extend<{ directory: string }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  directory: async ({}, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-new-migration-'))
    await use(directory)
    rmSync(directory, { recursive: true })
  },
})

const now = new Date('2026-02-03T04:05:06.789Z')

describe('a new migration', () => {
  test.for(['', 'sleep', 'AddSleep', 'add-sleep', 'add sleep', '../add_sleep', 'add_sleep;'])(
    'is not named "%s"',
    (name, { directory }) => {
      expect(() => createMigration({ directory, name, now })).toThrow('Usage: npm run db:new')
      expect(readdirSync(directory)).toEqual([])
    },
  )

  test('is not older than the newest', ({ directory }) => {
    mkdirSync(join(directory, '20260203040506_add_sport'))
    expect(() => createMigration({ directory, name: 'add_sleep', now })).toThrow(
      'Migration 20260203040506 is not older than now',
    )
  })

  test('is a folder with a way up and a way down', ({ directory }) => {
    const path = createMigration({ directory, name: 'add_sleep_sessions', now })
    expect(path).toBe(join(directory, '20260203040506_add_sleep_sessions'))
    expect(readdirSync(path).sort()).toEqual(['down.sql', 'up.sql'])
  })
})
