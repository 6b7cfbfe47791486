import { HasuraError } from '../errors.ts'
import type { TableName } from '../metadata/types.ts'
import type { Json } from './draft.ts'

export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Throws `parse-failed`. */
export function readObject(value: unknown, path = '$.args'): Json {
  if (isJsonObject(value)) return value
  throw parseFailed(`parsing Object failed, expected Object, but encountered ${describeKind(value)}`, path)
}

/** Throws `parse-failed`. */
export function readText(args: Json, key: string): string {
  const value = args[key]
  if (typeof value === 'string') return value
  if (value === undefined) throw parseFailed(`parsing the arguments failed, key "${key}" not found`, '$.args')
  throw parseFailed(`parsing Text failed, expected String, but encountered ${describeKind(value)}`, `$.args.${key}`)
}

/** `"article"`, in schema public, or `{schema, name}`. Throws `parse-failed`. */
export function readTable(value: unknown): TableName {
  if (typeof value === 'string') return { schema: 'public', name: value }
  const { schema = 'public', name } = readObject(value, '$.args.table')
  if (typeof schema === 'string' && typeof name === 'string') return { schema, name }
  throw parseFailed('parsing QualifiedObject failed, key "name" not found', '$.args.table')
}

/** The keys of `args` that are set, without those named. */
export function without(args: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(
    Object.entries(args).filter(([key, value]) => !keys.includes(key) && value !== null && value !== undefined),
  )
}

export function parseFailed(message: string, path: string): HasuraError {
  return new HasuraError({ code: 'parse-failed', message, path })
}

/** As messages name the kind of a JSON value. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return 'Null'
  if (Array.isArray(value)) return 'Array'
  const types: Readonly<Record<string, string>> = { string: 'String', number: 'Number', boolean: 'Boolean' }
  return types[typeof value] ?? 'Object'
}
