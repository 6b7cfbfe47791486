import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { AppError } from '../../service/runtime/errors.ts'
import { Secret } from '../../service/runtime/secret.ts'
import type { KeySource, MasterVersion, WrapContext } from '../../service/vault/key-source.ts'
import { createKmsSource } from '../../service/vault/kms-source.ts'
import { createPassphraseSource } from '../../service/vault/passphrase-source.ts'
import { createTransitSource } from '../../service/vault/transit-source.ts'
import { type FakeKms, KMS_KEY, KMS_REGION, kmsError, startFakeKms } from '../support/fake-kms.ts'
import { type FakeTransit, startFakeTransit, TRANSIT_KEY, TRANSIT_TOKEN, vaultError } from '../support/fake-transit.ts'
import type { Fault, KeyService } from '../support/key-service.ts'
import { accessToken, localKey, test as sceneTest } from '../support/vault-scene.ts'

const TIMEOUT_MS = 400
const test = sceneTest.extend<{ kms: FakeKms; transit: FakeTransit }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  kms: async ({}, use) => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'simulated' })
    const kms = await startFakeKms()
    await use(kms)
    await kms.close()
  },
  // oxlint-disable-next-line no-empty-pattern -- as above
  transit: async ({}, use) => {
    const transit = await startFakeTransit()
    await use(transit)
    await transit.close()
  },
})

const kmsSource = ({ url }: KeyService, timeoutMs = 5_000) =>
  createKmsSource({ keyId: KMS_KEY, region: KMS_REGION, endpoint: url, timeoutMs })
const transitSource = ({ url }: KeyService, token = TRANSIT_TOKEN) =>
  createTransitSource({
    address: url,
    readToken: async () => new Secret(token),
    mount: 'transit',
    key: TRANSIT_KEY,
    timeoutMs: TIMEOUT_MS,
  })

const SECRET = Buffer.alloc(32, 0x5a)
const CONTEXT: WrapContext = { environment: 'test', purpose: 'token', keyId: '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01' }
const versionOf = async (source: KeySource): Promise<MasterVersion> => ({
  version: 1,
  source: source.source,
  reference: source.reference,
  parameters: await source.newVersion(true),
})
const failure = async (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'nothing failed',
    (error: unknown) => (error instanceof AppError ? { code: error.code, ...error.facts } : error),
  )

const SOURCES = ['local', 'passphrase', 'kms', 'transit'] as const
const sourceOf = (
  name: (typeof SOURCES)[number],
  { kms, transit }: { kms: FakeKms; transit: FakeTransit },
): KeySource => {
  const passphrase = new Secret('a passphrase for the tests')
  if (name === 'local') return localKey('test')
  if (name === 'passphrase') return createPassphraseSource({ passphrase, iterations: 100_000, environment: 'test' })
  return name === 'kms' ? kmsSource(kms) : transitSource(transit)
}

describe.for(SOURCES)('a key wrapped by source %s', (name) => {
  test.for([
    ['another environment', { environment: 'production' }],
    ['another purpose', { purpose: 'inbox' }],
    ['another key', { keyId: '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a02' }],
  ] as const)('does not unwrap for %s', async ([, elsewhere], { kms, transit }) => {
    const source = sourceOf(name, { kms, transit })
    const version = await versionOf(source)
    const wrapped = await source.wrap(version, CONTEXT, Buffer.from(SECRET))
    expect(await failure(source.unwrap(version, { ...CONTEXT, ...elsewhere }, wrapped))).toEqual({
      code: 'vault/unreadable',
    })
    expect(await source.unwrap(version, CONTEXT, wrapped)).toEqual(SECRET)
  })

  test('does not unwrap when it was altered, and is not kept in the clear', async ({ kms, transit }) => {
    const source = sourceOf(name, { kms, transit })
    const version = await versionOf(source)
    const wrapped = await source.wrap(version, CONTEXT, Buffer.from(SECRET))
    expect(wrapped.includes(SECRET)).toBe(false)
    const altered = Buffer.from(wrapped)
    const at = altered.length - 6
    altered[at] = altered[at] === 0x41 ? 0x42 : 0x41
    expect(await failure(source.unwrap(version, CONTEXT, altered))).toEqual({ code: 'vault/unreadable' })
  })
})

describe('a local master key', () => {
  test('of one environment is no key in another, whatever else they share', async () => {
    const [here, there] = [localKey('staging'), localKey('production')]
    const version = await versionOf(there)
    const wrapped = await there.wrap(version, CONTEXT, Buffer.from(SECRET))
    expect(await failure(here.unwrap(version, CONTEXT, wrapped))).toEqual({ code: 'vault/unreadable' })
  })
})

describe('a passphrase', () => {
  const passphrase = new Secret('a passphrase for the tests')
  test('is refused when it is short or stretched too little', () => {
    expect(() => createPassphraseSource({ passphrase: new Secret('fifteen letters'), environment: 'test' })).toThrow(
      '16 characters',
    )
    for (const iterations of [99_999, 0, Number.NaN])
      expect(() => createPassphraseSource({ passphrase, iterations, environment: 'test' })).toThrow(
        '100000 iterations or more',
      )
  })

  test('keeps salt, hash and iterations beside each version, by default as many as OWASP asks for', async () => {
    const source = createPassphraseSource({ passphrase, environment: 'test' })
    const [one, other] = [await source.newVersion(true), await source.newVersion(false)]
    expect(one).toMatchObject({ hash: 'sha512', iterations: 220_000, salt: expect.stringMatching(/^.{24}$/) as string })
    expect(one['salt']).not.toBe(other['salt'])
  })

  test('is refused where the stored iterations are too few, and when it is another one', async () => {
    const version = await versionOf(createPassphraseSource({ passphrase, iterations: 100_000, environment: 'test' }))
    const weak = { ...version, parameters: { ...version.parameters, iterations: 99_999 } }
    const source = createPassphraseSource({ passphrase, environment: 'test' })
    expect(await failure(source.wrap(weak, CONTEXT, SECRET))).toMatchObject({ why: 'parameters_refused' })
    const wrong = createPassphraseSource({ passphrase: new Secret('another long passphrase'), environment: 'test' })
    expect(await failure(wrong.unwrap(version, CONTEXT, Buffer.alloc(120)))).toMatchObject({ why: 'wrong_passphrase' })
  })
})

describe('AWS KMS', () => {
  test.for<[string, Fault, string]>([
    ['throttles', kmsError(400, 'ThrottlingException'), 'ThrottlingException'],
    ['has a fault', kmsError(500, 'KMSInternalException'), 'KMSInternalException'],
    ['has the key disabled', kmsError(400, 'DisabledException'), 'DisabledException'],
    ['has the key about to be deleted', kmsError(400, 'KMSInvalidStateException'), 'KMSInvalidStateException'],
    ['gives us no right', kmsError(400, 'AccessDeniedException'), 'AccessDeniedException'],
  ])('that %s is an error that passes', async ([, fault, why], { kms }) => {
    const source = kmsSource(kms)
    const version = await versionOf(source)
    kms.fail(fault)
    expect(await failure(source.wrap(version, CONTEXT, SECRET))).toEqual({
      code: 'vault/keys_unavailable',
      source: 'aws_kms',
      why,
    })
    kms.heal()
    expect((await source.wrap(version, CONTEXT, SECRET)).length).toBeGreaterThan(32)
  })

  test('is asked again when it throttles once', async ({ kms }) => {
    const source = kmsSource(kms)
    kms.fail(kmsError(400, 'ThrottlingException'), 1)
    await source.wrap(await versionOf(source), CONTEXT, SECRET)
    expect(kms.operations()).toEqual(['Encrypt', 'Encrypt'])
  })

  test('that is silent or gone is waited for only so long', async ({ kms }) => {
    const source = kmsSource(kms, TIMEOUT_MS)
    const version = await versionOf(source)
    kms.fail('silence')
    expect(await failure(source.wrap(version, CONTEXT, SECRET))).toMatchObject({ code: 'vault/keys_unavailable' })
    await kms.close()
    expect(await failure(source.wrap(version, CONTEXT, SECRET))).toMatchObject({ code: 'vault/keys_unavailable' })
  })
})

describe('HashiCorp Vault', () => {
  test.for<[string, Fault, string]>([
    ['is sealed', vaultError(503, 'Vault is sealed'), 'http_503'],
    ['has too many requests', vaultError(429, 'request rejected'), 'http_429'],
    ['gives us no right', vaultError(403, 'permission denied'), 'http_403'],
    ['does not know the key', vaultError(404, 'no such key'), 'http_404'],
    ['answers something else', { status: 200, body: { data: {} } }, 'unexpected_answer'],
    ['redirects', { status: 307, body: {} }, 'http_307'],
    ['is silent', 'silence', 'TimeoutError'],
    ['hangs up', 'cut', 'TypeError'],
  ])('that %s is an error that passes', async ([, fault, why], { transit }) => {
    const source = transitSource(transit)
    const version = await versionOf(source)
    transit.fail(fault)
    expect(await failure(source.wrap(version, CONTEXT, SECRET))).toEqual({
      code: 'vault/keys_unavailable',
      source: 'vault_transit',
      why,
    })
    transit.heal()
    expect((await source.wrap(version, CONTEXT, SECRET)).toString()).toMatch(/^vault:v1:/)
  })

  test('is refused with a key that is not derived: it would ignore what the key is for', async () => {
    const transit = await startFakeTransit({ derived: false })
    expect(await failure(transitSource(transit).newVersion(true))).toMatchObject({ why: 'key_not_derived' })
    await transit.close()
  })

  test('refuses ciphertext of a version that the operator has ruled out', async ({ transit }) => {
    const source = transitSource(transit)
    const version = await versionOf(source)
    const old = await source.wrap(version, CONTEXT, SECRET)
    await source.newVersion(false)
    transit.setMinDecryptionVersion(2)
    expect(await failure(source.unwrap(version, CONTEXT, old))).toMatchObject({ why: 'http_400' })
    expect((await source.wrap(version, CONTEXT, SECRET)).toString()).toMatch(/^vault:v2:/)
  })
})

describe.for(['kms', 'transit'] as const)('the vault with its master key at %s', (name) => {
  test('serves cached keys while that is down, then errors that pass, and never stores anything in the clear', async ({
    db,
    scene,
    kms,
    transit,
  }) => {
    const clock = { nowMs: 0 }
    const service = name === 'kms' ? kms : transit
    const source = name === 'kms' ? kmsSource(kms, TIMEOUT_MS) : transitSource(transit)
    const one = scene.open({ source, nowMs: () => clock.nowMs })
    const userId = await scene.person(one)
    service.fail('cut')
    clock.nowMs = 269_000
    expect(await accessToken(one, userId)).toBe('access-1')
    const another = scene.open({ source })
    await expect(accessToken(another, userId)).rejects.toThrow('vault/keys_unavailable')
    clock.nowMs = 300_000
    await expect(accessToken(one, userId)).rejects.toThrow('vault/keys_unavailable')
    await expect(scene.person(one)).rejects.toThrow('vault/keys_unavailable')
    await expect(another.vault.sealInbox('acme', Buffer.from('{}'))).rejects.toThrow('vault/keys_unavailable')
    expect((await db.admin.query('select 1 from vault.tokens')).rowCount).toBe(1)
    service.heal()
    expect(await accessToken(one, userId)).toBe('access-1')
    expect(await accessToken(another, userId)).toBe('access-1')
  })

  test('tells it nobody’s id, and rotates without a key leaving it', async ({ scene, kms, transit }) => {
    const service = name === 'kms' ? kms : transit
    const source = name === 'kms' ? kmsSource(kms) : transitSource(transit)
    const process = scene.open({ source })
    const people = [await scene.person(process), await scene.person(process)]
    const before = service.asked.length
    await scene.rotate(process, 'master')
    expect(service.operations().slice(before).toSorted()).toEqual(
      name === 'kms' ? ['ReEncrypt', 'ReEncrypt'] : ['keys', 'keys/rotate', 'rewrap', 'rewrap'],
    )
    for (const userId of people) expect(await accessToken(scene.open({ source }), userId)).toBe('access-1')
    const told = service.asked.map(({ path, text }) => {
      const { context } = JSON.parse(text === '' ? '{}' : text) as { context?: string }
      return `${path} ${text} ${Buffer.from(context ?? '', 'base64').toString('latin1')}`
    })
    expect(told.join('\n')).toContain('test')
    for (const userId of people) expect(told.join('\n')).not.toContain(userId)
  })

  test('takes over from a local key, and nothing needs that any more', async ({ scene, kms, transit }) => {
    const userId = await scene.person(scene.open())
    const source = name === 'kms' ? kmsSource(kms) : transitSource(transit)
    const both = scene.open({ source, openingSources: [localKey('test')] })
    await both.vault.keyring.masterKeys.ready(both.db)
    await scene.rotate(both, 'master')
    const alone = scene.open({ source })
    await alone.vault.keyring.masterKeys.ready(alone.db)
    expect(await accessToken(alone, userId)).toBe('access-1')
  })
})

describe('a process that starts', () => {
  test('is refused when its keys belong to another environment, or are wrapped by a key that it does not have', async ({
    scene,
  }) => {
    const process = scene.open()
    await process.vault.keyring.masterKeys.ready(process.db)
    await scene.person(process)
    const elsewhere = scene.open({ environment: 'production', source: localKey('production') })
    await expect(elsewhere.vault.keyring.masterKeys.ready(elsewhere.db)).rejects.toThrow(
      'belong to environment "test", and this is "production"',
    )
    const passphrase = new Secret(`somebody else's ${randomUUID()}`)
    const without = scene.open({
      source: createPassphraseSource({ passphrase, iterations: 100_000, environment: 'test' }),
    })
    await expect(without.vault.keyring.masterKeys.ready(without.db)).rejects.toThrow(
      /^1 keys of the vault are wrapped by .* not configured: local/,
    )
  })
})
