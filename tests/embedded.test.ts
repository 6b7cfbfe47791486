import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as base, describe, expect } from 'vitest'
import { withClient } from '../database/connect.ts'
import { startEmbeddedPostgres } from '../database/embedded.ts'
import { findPostmaster } from '../database/postmaster.ts'
import { createTemporaryDirectory } from '../database/temporary.ts'

const test = base.extend<{ dataDirectory: string }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  dataDirectory: async ({}, use) => {
    const parent = createTemporaryDirectory()
    await use(join(parent, 'postgres'))
    rmSync(parent, { recursive: true, force: true })
  },
})

const settings = { fsync: 'off' }

describe('the embedded PostgreSQL', () => {
  test('is not started twice on the same data', async ({ dataDirectory }) => {
    const server = await startEmbeddedPostgres({ dataDirectory, settings })
    await expect(startEmbeddedPostgres({ dataDirectory, settings })).rejects.toThrow(
      `The database in ${dataDirectory} is in use by another process; stop that one first.`,
    )
    await server.stop()
  })

  test('refuses the data of another version', async ({ dataDirectory }) => {
    mkdirSync(dataDirectory)
    writeFileSync(join(dataDirectory, 'PG_VERSION'), '15\n')
    await expect(startEmbeddedPostgres({ dataDirectory, settings })).rejects.toThrow(
      'was written by PostgreSQL 15 and this is 18',
    )
  })

  test('says why it does not start', async ({ dataDirectory }) => {
    await expect(startEmbeddedPostgres({ dataDirectory, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /PostgreSQL did not start: .*shared_buffers/,
    )
  })

  test.runIf(process.getuid?.() === 0)('names the directory its user cannot enter', async ({ dataDirectory }) => {
    const closed = join(dataDirectory, '..', 'closed')
    mkdirSync(closed, { mode: 0o700 })
    await expect(startEmbeddedPostgres({ dataDirectory: join(closed, 'postgres'), settings })).rejects.toThrow(
      `${closed} is closed`,
    )
  })

  test('asks for a password, which only its owner can read', async ({ dataDirectory }) => {
    const server = await startEmbeddedPostgres({ dataDirectory, settings })
    const wrong = Object.assign(new URL(server.adminUrl), { password: 'postgres' }).href
    await expect(withClient(wrong, (client) => client.query('select 1'))).rejects.toThrow(
      'password authentication failed',
    )
    expect(statSync(`${dataDirectory}.password`).mode & 0o777).toBe(0o600)
    await server.stop()
  })

  test.for([
    ['where the kernel stops it', process.env.PATH],
    ['where only the next start can stop it', ''],
  ] as const)('outlives its launcher until the next start at most, %s', async ([, PATH], { dataDirectory }) => {
    const script = `import { startEmbeddedPostgres } from '${join(import.meta.dirname, '../database/embedded.ts')}'
      const { adminUrl } = await startEmbeddedPostgres({ dataDirectory: '${dataDirectory}' })
      process.stdout.write(adminUrl)
      setInterval(() => {}, 1000)`
    const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [adminUrl] = (await once(launcher.stdout, 'data')) as [Buffer]
    const orphan = findPostmaster(dataDirectory)
    expect(orphan).toBeGreaterThan(1)
    await withClient(adminUrl.toString(), (client) => client.query('create table kept as select 1 as one'))
    launcher.kill('SIGKILL')
    await once(launcher, 'close')

    const server = await startEmbeddedPostgres({ dataDirectory })
    expect(findPostmaster(dataDirectory)).not.toBe(orphan)
    const { rows } = await withClient(server.adminUrl, (client) => client.query('select one from kept'))
    expect(rows).toEqual([{ one: 1 }])
    await server.stop()
    expect(findPostmaster(dataDirectory)).toBeUndefined()
    expect(readFileSync(`${dataDirectory}.log`, 'utf8')).not.toContain('PANIC')
  })
})
