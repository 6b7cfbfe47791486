import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIRECTORY = join(ROOT, 'docs/operations/runbooks')
const runbooks = readdirSync(DIRECTORY).map((file) => [file, readFileSync(join(DIRECTORY, file), 'utf8')] as const)
const package_ = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const commands = execFileSync(process.execPath, ['service/cli/main.ts', 'help'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .map((line) => /^ {2}([a-z][a-z0-9-]*)/.exec(line)?.[1])

const blocks = (kind: string) =>
  runbooks.flatMap(([file, text]) =>
    [...text.matchAll(new RegExp(`\`\`\`${kind}\\n([^]*?)\\n\`\`\``, 'g'))].map(([, block]) => [file, block!] as const),
  )

describe('a runbook', () => {
  test('asks the database only what the database can answer', async ({ db }) => {
    // What Hasura and graphile-worker create when they start is there already in a test's database, or is not asked for.
    expect(blocks('sql').length).toBeGreaterThan(30)
    const client = await db.admin.connect()
    for (const [file, statement] of blocks('sql')) {
      const outcome = await client.query(statement).then(
        () => 'ok',
        (error: Error) => error.message,
      )
      expect([file, statement, outcome]).toEqual([file, statement, 'ok'])
    }
    client.release()
  })

  test('gives only commands that exist', () => {
    const calls = runbooks.flatMap(([file, text]) =>
      [...text.matchAll(/npm run (?:tributary -- )?([a-z:]+(?:-[a-z0-9]+)*)/g)].map(([call, name]) => ({
        file,
        call,
        name: name!,
      })),
    )
    expect(calls.length).toBeGreaterThan(10)
    const wrong = calls.filter(({ call, name }) =>
      call.includes('tributary --') ? !commands.includes(name) : package_.scripts[name] === undefined,
    )
    expect(wrong).toEqual([])
  })
})
