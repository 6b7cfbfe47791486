import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { Secret } from '../../service/runtime/secret.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { runTributary } from '../support/command-line.ts'
import { leastSettings } from '../support/settings.ts'
import { test, type VaultScene } from '../support/vault-scene.ts'

const KEY = randomBytes(32).toString('base64')

/** As an operator calls it. */
const keys = async (serviceUrl: string, ...args: string[]) =>
  (await runTributary({ env: { ...leastSettings(serviceUrl), VAULT_MASTER_KEY: KEY } }, 'keys', ...args)).text

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
