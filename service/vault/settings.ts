import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Secret } from '../runtime/secret.ts'

const secret = z
  .string()
  .min(1)
  .transform((value) => new Secret(value))
const days = z.coerce.number().int().positive()

/** What the Token Vault can be told; `npm start` sets VAULT_MASTER_KEY alone. */
export const VAULT_ENVIRONMENT = {
  /** The name of this installation, bound into every key. */
  TRIBUTARY_ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'is up to 40 small letters, digits and hyphens')
    .optional(),
  VAULT_KEY_SOURCE: z.enum(['local', 'passphrase', 'aws-kms', 'vault-transit']).default('local'),
  VAULT_MASTER_KEY: secret.optional(),
  /** Earlier values of VAULT_MASTER_KEY that still open, comma-separated. */
  VAULT_OPENING_KEYS: z
    .string()
    .transform((list) => list.split(',').map((key) => new Secret(key.trim())))
    .optional(),
  VAULT_PASSPHRASE: secret.optional(),
  VAULT_PASSPHRASE_ITERATIONS: z.coerce.number().int().min(100_000, 'fewer than 100000 are refused').optional(),
  VAULT_KMS_KEY_ID: z.string().min(1).optional(),
  VAULT_KMS_REGION: z.string().min(1).optional(),
  VAULT_KMS_ENDPOINT: z.url().optional(),
  VAULT_TRANSIT_ADDRESS: z.url().optional(),
  VAULT_TRANSIT_TOKEN: secret.optional(),
  VAULT_TRANSIT_TOKEN_FILE: z.string().min(1).optional(),
  VAULT_TRANSIT_MOUNT: z.string().default('transit'),
  VAULT_TRANSIT_KEY: z.string().min(1).optional(),
  VAULT_TRANSIT_NAMESPACE: z.string().min(1).optional(),
  VAULT_KEY_CACHE_SECONDS: z.coerce.number().int().min(1).max(3_600, 'keys are kept for an hour at most').default(300),
  VAULT_MASTER_KEY_MAX_AGE_DAYS: days.default(365),
  VAULT_USER_KEY_MAX_AGE_DAYS: days.default(90),
}

const Vault = z.object({ NODE_ENV: z.enum(['development', 'test', 'production']), ...VAULT_ENVIRONMENT })
type VaultEnvironment = z.infer<typeof Vault>

const REQUIRED: Readonly<Record<VaultEnvironment['VAULT_KEY_SOURCE'], readonly (keyof VaultEnvironment)[]>> = {
  local: ['VAULT_MASTER_KEY'],
  passphrase: ['VAULT_PASSPHRASE'],
  'aws-kms': ['VAULT_KMS_KEY_ID', 'VAULT_KMS_REGION'],
  'vault-transit': ['VAULT_TRANSIT_ADDRESS', 'VAULT_TRANSIT_KEY'],
}
/** SHA-256 of keys that are written down for everybody to read: deploy/compose/demo.env. */
const PUBLISHED = ['65f210204659fda108a6183d75fa220497de78e8e49c12f4440bae4639a80e4c']

/** What is wrong with the vault's settings taken together, by name. */
export function vaultProblems(env: VaultEnvironment): string[] {
  const source = env.VAULT_KEY_SOURCE
  const missing = REQUIRED[source].filter((name) => env[name] === undefined)
  return [
    ...missing.map((name) => `${name}: is required where VAULT_KEY_SOURCE is ${source}`),
    ...(source === 'vault-transit' &&
    env.VAULT_TRANSIT_TOKEN === undefined &&
    env.VAULT_TRANSIT_TOKEN_FILE === undefined
      ? ['VAULT_TRANSIT_TOKEN: this or VAULT_TRANSIT_TOKEN_FILE is required where VAULT_KEY_SOURCE is vault-transit']
      : []),
    ...(env.NODE_ENV === 'production' ? refusedInProduction(env) : []),
  ]
}

function refusedInProduction(env: VaultEnvironment): string[] {
  const keys = [env.VAULT_MASTER_KEY, ...(env.VAULT_OPENING_KEYS ?? [])].flatMap((key) =>
    key === undefined ? [] : [key],
  )
  const isPublished = keys.some((key) => PUBLISHED.includes(createHash('sha256').update(key.reveal()).digest('hex')))
  const addresses = [env.VAULT_KMS_ENDPOINT, env.VAULT_TRANSIT_ADDRESS]
  return [
    ...(env.VAULT_KEY_SOURCE === 'passphrase'
      ? ['VAULT_KEY_SOURCE: a passphrase is for laptops; production needs a key']
      : []),
    ...(isPublished ? ['VAULT_MASTER_KEY: this key is published with the source; make one of your own'] : []),
    ...(addresses.some((address) => address?.startsWith('http:') === true)
      ? ['VAULT_KMS_ENDPOINT, VAULT_TRANSIT_ADDRESS: keys travel over https in production']
      : []),
  ]
}

export type VaultConfig = ReturnType<typeof namedVault>

export function namedVault(env: VaultEnvironment) {
  return {
    environment: env.TRIBUTARY_ENVIRONMENT ?? env.NODE_ENV,
    keySource: env.VAULT_KEY_SOURCE,
    masterKey: env.VAULT_MASTER_KEY,
    openingKeys: env.VAULT_OPENING_KEYS ?? [],
    passphrase: env.VAULT_PASSPHRASE,
    passphraseIterations: env.VAULT_PASSPHRASE_ITERATIONS,
    kms: { keyId: env.VAULT_KMS_KEY_ID, region: env.VAULT_KMS_REGION, endpoint: env.VAULT_KMS_ENDPOINT },
    transit: {
      address: env.VAULT_TRANSIT_ADDRESS?.replace(/\/$/, ''),
      token: env.VAULT_TRANSIT_TOKEN,
      tokenFile: env.VAULT_TRANSIT_TOKEN_FILE,
      mount: env.VAULT_TRANSIT_MOUNT,
      key: env.VAULT_TRANSIT_KEY,
      namespace: env.VAULT_TRANSIT_NAMESPACE,
    },
    cacheSeconds: env.VAULT_KEY_CACHE_SECONDS,
    masterKeyMaxAgeDays: env.VAULT_MASTER_KEY_MAX_AGE_DAYS,
    userKeyMaxAgeDays: env.VAULT_USER_KEY_MAX_AGE_DAYS,
  }
}
