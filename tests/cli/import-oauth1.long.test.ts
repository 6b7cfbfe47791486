import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { commandsOf, runTributary } from '../support/command-line.ts'
import { ADA, BELA } from '../support/people.ts'
import { environment, testWithFew as test } from '../support/service.ts'

describe('the move of people from OAuth 1.0a', () => {
  test('by the command as printed connects each once, and tells of each line that failed', async ({ db, service }) => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-oauth1-'))
    const line = (userId: string, token: string, secret: string) =>
      JSON.stringify({ user_id: userId, token, token_secret: secret })
    writeFileSync(
      join(directory, 'tokens.ndjson'),
      [
        line(ADA, 'legacy-1', 'legacy-secret-1'),
        line(BELA, 'legacy-2', 'wrong'),
        '{"user_id":"x"}',
        'half a li',
        '',
      ].join('\n'),
    )
    const command = commandsOf('service/platforms/garmin/README.md').find(([name]) => name === 'import-oauth1')
    expect(command).toEqual(['import-oauth1', 'garmin', 'tokens.ndjson'])
    const env = {
      ...environment(db, { simulators: service.simulatorsUrl, headsDirectory: directory }),
      PATH: process.env['PATH'],
    }
    const first = await runTributary({ env, cwd: directory }, ...command!)
    expect(first.text).toBe('1: imported\n2: failed: platform/refused\n3: unreadable line\n4: unreadable line\n')
    expect(first.code).toBe(0)
    const again = await runTributary({ env, cwd: directory }, ...command!)
    expect(again.text).toContain('1: already_connected\n')
    rmSync(directory, { recursive: true })
    const { rows } = await db.admin.query("select user_id, status from connections where platform = 'garmin'")
    expect(rows).toEqual([{ user_id: ADA, status: 'active' }])
    // The secrets of the file are nowhere in what is printed.
    expect(first.text + again.text).not.toMatch(/legacy|wrong/)
  })
})
