import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect } from 'vitest'
import { createClone, type TestDatabase, test } from '../support/database.ts'
import { environment } from '../support/service.ts'

const MAIN = join(import.meta.dirname, '../../service/cli/main.ts')
const ADA = '5d6a1f0e-0000-4000-8000-000000000001'

/** What a command prints, and its exit code. */
async function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}exit ${error?.code ?? 0}`),
    )
  })
}

function settings(db: TestDatabase, directory: string): NodeJS.ProcessEnv {
  return {
    ...environment(db, { simulators: 'http://localhost:9', headsDirectory: join(directory, 'heads') }),
    BACKUP_STORE: pathToFileURL(join(directory, 'backups')).href,
    BACKUP_KEY: Buffer.alloc(32, 0xa7).toString('base64'),
  }
}

describe("the operator's commands", () => {
  test('back up, verify, restore and audit as the manual says', async ({ db }) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-cli-'))
    const other = await createClone()
    const env = settings(db, directory)
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    expect(await run(env, 'verify')).toMatch(/^tributary: there is no backup in BACKUP_STORE\nexit 1$/)
    expect(await run(env, 'backup')).toMatch(
      /^backup 2\S+: .*public\.app_users 1,.*; \d+ bytes\n0 old backups deleted\nexit 0$/,
    )
    expect(await run(env, 'verify')).toMatch(/^whole: 2\S+: .*public\.app_users 1,.* bytes\nexit 0$/)
    expect(await run(env, 'restore')).toMatch(/^tributary: backup\/not_empty: public\.app_users\nexit 1$/)
    expect(await run({ ...env, DATABASE_URL: other.serviceUrl }, 'restore')).toMatch(
      /^1 rows restored; 0 of erased people left out\nexit 0$/,
    )
    expect(await run({ ...env, BACKUP_STORE: '', BACKUP_KEY: '' }, 'backup')).toMatch(
      /BACKUP_STORE and BACKUP_KEY are not set/,
    )
    expect(await run(env, 'audit', 'verify')).toMatch(
      /^the audit trail is whole: 0 events, 0 signed heads, the last of never\npublic key: \S{44}\nexit 0$/,
    )
    await db.admin.query(
      `insert into audit.events (id, action, actor_kind, outcome) values ('00000000-0000-4000-8000-00000000beef', 'token.opened', 'system', 'success')`,
    )
    await db.admin.query(
      `insert into audit.personal_values (event_id, subject_user_id, reason) values ('00000000-0000-4000-8000-00000000beef', '${ADA}', E'a\\nb')`,
    )
    expect(await run(env, 'audit', 'show', '--user', ADA)).toMatch(
      /^\{"at":"2\S+Z","action":"token\.opened","outcome":"success","actor":"system","reason":"a\\nb"\}\nexit 0$/,
    )
    await db.admin.query("delete from audit.unsealed where event_id = '00000000-0000-4000-8000-00000000beef'")
    expect(await run(env, 'audit', 'verify')).toMatch(
      /NOT whole[\s\S]*  event 00000000-0000-4000-8000-00000000beef: inserted past the sealer\ntributary: 1 findings in the audit trail\nexit 1$/,
    )
    await other.drop()
    await rm(directory, { recursive: true })
  }, 60_000)
})
