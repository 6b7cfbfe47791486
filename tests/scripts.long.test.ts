import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test } from './support/database.ts'

const ROOT = join(import.meta.dirname, '..')

/** What a script of package.json prints, and its exit code. */
function run(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { cwd: ROOT, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
    )
  })
}

describe('npm run db:migrate', () => {
  test('goes to a version, to the newest, and back, as database/CONVENTIONS.md says', async ({ empty }) => {
    const migrate = (...args: string[]) => run('database/migrate.ts', args, { DATABASE_URL: empty.adminUrl })
    const to = await migrate('to', '20261123100000')
    expect([to.code, to.text.split('\n').filter((line) => line.startsWith('migrated')).length]).toEqual([0, 1])
    expect((await migrate()).text).toMatch(/^migrated (?!20261123100000)/)
    expect(await migrate()).toEqual({ code: 0, text: 'nothing to do\n' })
    expect((await migrate('down', '1')).text).toMatch(/^undone {3}\d{14}_\w+\ndropped {2}functions and views/)
    expect((await migrate('down', 'all')).text.trim().split('\n').at(-2)).toMatch(/^undone {3}20261123100000/)
    for (const wrong of [['sideways'], ['to', 'tomorrow'], ['down', '0']])
      expect(await migrate(...wrong)).toMatchObject({
        code: 1,
        text: expect.stringMatching(/^Usage: npm run db:migrate/),
      })
  })
})

test.for([
  ['tests/torture/main.ts', ['--kills', 'many'], '--kills many: needs a whole number above 0'],
  ['tests/bench/main.ts', ['--only', 'nothing'], '--only nothing: one of '],
  ['tests/conformance/main.ts', [], 'usage: npm run conformance -- <folder of cases>'],
] as const)('%s starts, and refuses what it does not know', async ([script, args, complaint]) => {
  expect(await run(script, args)).toMatchObject({ code: 2, text: expect.stringContaining(complaint) })
})
