import { z } from 'zod'
import { parseJsonPath } from './json-path.ts'

/** Shortest key the algorithm is safe with, in characters; only symmetric ones have it. */
const MINIMUM_KEY_LENGTH: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 }

const ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'Ed25519'] as const

const JsonPath = z.string().refine(isJsonPath, 'not a JSON path')

const MappedClaim = z.union([
  z.strictObject({ path: JsonPath, default: z.union([z.string(), z.array(z.string())]).optional() }),
  z.union([z.string(), z.array(z.string())]),
])

const OneOrMany = z.union([z.string().transform((value) => [value]), z.array(z.string())])

const JwtConfig = z
  .strictObject({
    type: z.enum(ALGORITHMS).optional(),
    key: z.string().optional(),
    jwk_url: z.url().optional(),
    claims_namespace: z.string().optional(),
    claims_namespace_path: JsonPath.optional(),
    claims_format: z.enum(['json', 'stringified_json']).default('json'),
    claims_map: z.record(z.string(), MappedClaim).optional(),
    audience: OneOrMany.optional(),
    issuer: z.string().optional(),
    extra_required_claims: z.array(z.enum(['audience', 'issuer'])).default([]),
    allowed_skew: z.number().nonnegative().default(0),
    header: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('Authorization') }),
        z.strictObject({ type: z.literal('Cookie'), name: z.string().min(1) }),
        z.strictObject({ type: z.literal('CustomHeader'), name: z.string().min(1) }),
      ])
      .default({ type: 'Authorization' }),
  })
  .superRefine((config, context) => {
    for (const message of contradictions(config)) context.addIssue({ code: 'custom', message })
  })

export type JwtConfig = z.infer<typeof JwtConfig>
export type MappedClaim = z.infer<typeof MappedClaim>

/** Reads `HASURA_GRAPHQL_JWT_SECRET`. Throws one error that names keys, never values. */
export function parseJwtConfig(text: string): JwtConfig {
  const parsed = JwtConfig.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '$'}: ${issue.message}`)
  throw new Error(`HASURA_GRAPHQL_JWT_SECRET: ${problems.join('; ')}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('HASURA_GRAPHQL_JWT_SECRET: not a JSON object')
  }
}

function isJsonPath(path: string): boolean {
  try {
    parseJsonPath(path)
    return true
  } catch {
    return false
  }
}

interface Contradictable {
  readonly type?: string | undefined
  readonly key?: string | undefined
  readonly jwk_url?: string | undefined
  readonly claims_namespace?: string | undefined
  readonly claims_namespace_path?: string | undefined
  readonly claims_map?: Readonly<Record<string, unknown>> | undefined
}

function contradictions(config: Contradictable): string[] {
  const found: string[] = []
  if ((config.key === undefined) === (config.jwk_url === undefined))
    found.push('exactly one of key and jwk_url is needed')
  if (config.key !== undefined && config.type === undefined) found.push('type is needed with key')
  if (config.claims_namespace !== undefined && config.claims_namespace_path !== undefined) {
    found.push('claims_namespace and claims_namespace_path exclude each other')
  }
  const minimum = MINIMUM_KEY_LENGTH[config.type ?? ''] ?? 0
  if (config.key !== undefined && config.key.length < minimum) found.push(`key needs at least ${minimum} characters`)
  const mapped = Object.keys(config.claims_map ?? {}).map((name) => name.toLowerCase())
  for (const name of ['x-hasura-allowed-roles', 'x-hasura-default-role']) {
    if (config.claims_map !== undefined && !mapped.includes(name)) found.push(`claims_map needs ${name}`)
  }
  return found
}
