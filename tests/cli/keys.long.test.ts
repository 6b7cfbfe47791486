import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { Secret } from '../../service/runtime/secret.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { test, type VaultScene } from '../support/vault-scene.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const KEY = randomBytes(32).toString('base64')

/** As an operator calls it. */
async function keys(serviceUrl: string, ...args: string[]): Promise<string> {
  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: serviceUrl,
    SERVICE_PUBLIC_URL: 'http://localhost:3000',
    APP_REDIRECT_URIS: 'http://localhost:3000/',
    HASURA_GRAPHQL_ENDPOINT: 'http://localhost:9',
    HASURA_ACTION_SECRET: 'a'.repeat(32),
    HASURA_EVENT_SECRET: 'e'.repeat(32),
    VAULT_MASTER_KEY: KEY,
  }
  const { stdout, stderr } = await run(process.execPath, ['service/cli/main.ts', 'keys', ...args], {
    cwd: ROOT,
    env,
  }).catch((error: { stdout: string; stderr: string }) => error)
  return stdout + stderr
}

const opened = (scene: VaultScene) => scene.open({ source: createLocalSource(new Secret(KEY), 'test') })

describe('tributary keys', () => {
  test('refuses what it does not know in one line', async ({ db }) => {
    for (const args of [[], ['forget'], ['rotate', 'everything']])
      expect(await keys(db.serviceUrl, ...args)).toMatch(/^tributary: give keys status, or keys rotate .*\n$/)
  })

  test('starts a rotation and tells how it goes, and never shows a key', async ({ db, scene }) => {
    await scene.person(opened(scene))
    expect(await keys(db.serviceUrl, 'rotate', 'user')).toMatch(/^rotation [0-9a-f-]{36} started; see keys status\n$/)
    expect(await keys(db.serviceUrl, 'rotate')).toMatch(
      /^rotation [0-9a-f-]{36} is running already; see keys status\n$/,
    )
    const status = await keys(db.serviceUrl, 'status')
    expect(status).toMatch(
      / {2}1: current, local [0-9a-f]{32}, test, since .*, wraps 1 keys\nlatest rotations:\n.* user: running, 0 of 1 keys\n$/,
    )
    expect(status).not.toContain(KEY)
  })
})
