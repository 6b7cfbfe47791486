import type { HeaderConfiguration } from './metadata/types.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that the metadata names is not set; Hasura reports the object as inconsistent. */
export class MissingVariableError extends Error {
  constructor(name: string) {
    super(`environment variable '${name}' not set`)
  }
}

export interface ResolvedHeader {
  readonly name: string
  readonly value: string
  /** Where a secret came from: logs show this in place of the value. */
  readonly fromVariable?: string
}

/** An empty value counts as not set, as in a `.env` file that lists a name with nothing behind it. */
export function getVariable(env: Environment, name: string): string | undefined {
  const value = env[name]
  return value === undefined || value === '' ? undefined : value
}

/** Throws MissingVariableError. */
export function requireVariable(env: Environment, name: string): string {
  const value = getVariable(env, name)
  if (value === undefined) throw new MissingVariableError(name)
  return value
}

/** `'{{BASE_URL}}/x'` with its variables filled in. Throws MissingVariableError. */
export function fillTemplate(template: string, env: Environment): string {
  return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_match, name: string) => requireVariable(env, name))
}

/** Throws MissingVariableError, and for the engine's own variables: a header must not carry the admin secret out. */
export function resolveHeaders(headers: readonly HeaderConfiguration[], env: Environment): readonly ResolvedHeader[] {
  return headers.map(({ name, value, value_from_env: variable }) => {
    if (variable === undefined) return { name, value: fillTemplate(value ?? '', env) }
    if (variable.startsWith('HASURA_GRAPHQL_'))
      throw new Error(`environment variables starting with HASURA_GRAPHQL_ are not allowed in header ${name}`)
    return { name, value: requireVariable(env, variable), fromVariable: variable }
  })
}
