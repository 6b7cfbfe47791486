import { type Case, isObject, type Json } from './case-files.ts'

/** Something that a set-up asked for and did not get. */
export interface Missing {
  readonly feature: string
  /** A case that holds all of these words cannot be judged; without words it says nothing about cases. */
  readonly words: readonly string[]
}

/** What the machine's Postgres may lack and what stands in for it, so that the rest of a folder can be judged. */
const SUBSTITUTES: readonly { pattern: RegExp; instead: string; feature?: string; words: readonly string[] }[] = [
  { pattern: /"?en_US\.utf-?8"?/gi, instead: '"C"', words: [] },
  {
    pattern: /\b(geography|geometry)\b(\([^)]*\))?/gi,
    instead: 'jsonb',
    feature: 'PostGIS',
    words: ['geog|geom|location|_st_d?_?'],
  },
]

/** `sql` as this machine can run it, and what was taken out of it. */
export function adaptSql(sql: string): { readonly sql: string; readonly missing: readonly Missing[] } {
  const used = SUBSTITUTES.filter(({ pattern }) => sql.search(pattern) !== -1)
  const adapted = used.reduce((text, { pattern, instead }) => text.replaceAll(pattern, instead), sql)
  const missing = used.flatMap(({ feature, words }) => (feature === undefined ? [] : [{ feature, words }]))
  return { sql: adapted, missing }
}

/** The feature that an answer says is not there. */
export function refusedFeature(body: unknown): string | undefined {
  if (Array.isArray(body)) return body.map(refusedFeature).find((feature) => feature !== undefined)
  if (!isObject(body)) return undefined
  const { errors } = body
  const [first] = Array.isArray(errors) ? errors : [body]
  if (!isObject(first)) return undefined
  const code = isObject(first['extensions']) ? first['extensions']['code'] : first['code']
  const message = String(first['message'] ?? first['error'])
  return code === 'not-supported' && message.includes('not implemented') ? shorten(message) : undefined
}

function shorten(message: string): string {
  const command = /metadata request "(\w+)"/.exec(message)?.[1]
  const key = /key "(\w+)"/.exec(message)?.[1]
  return (
    command ??
    key ??
    message
      .replace('Bad metadata:\n', '')
      .replaceAll(/\s+/g, ' ')
      .replace(/ (is|are) not implemented.*/, '')
      .trim()
  )
}

/** What becomes unjudgeable when this command is refused. */
export function missingFrom(command: Json, feature: string): Missing {
  const type = String(command['type'])
  const args = isObject(command['args']) ? command['args'] : {}
  const name = nameOf(args['function'] ?? args['name'] ?? args['role_name'] ?? args['table'] ?? '')
  const words = type.endsWith('permission')
    ? [String(args['role']), nameOf(args['table'] ?? args['action'] ?? args['function'])]
    : [name]
  return { feature, words: words.filter((word) => word !== '') }
}

function nameOf(value: unknown): string {
  return isObject(value) ? nameOf(value['name']) : typeof value === 'string' ? value : ''
}

/** The missing thing that the case, or a set-up command, uses. */
export function findMissing(used: Case | Json, missing: readonly Missing[]): Missing | undefined {
  const text = JSON.stringify(used).replaceAll('\\n', ' ')
  return missing.find(
    ({ words }) =>
      words.length > 0 && words.every((word) => new RegExp(`(^|[^a-zA-Z0-9])_?(${word})([^a-zA-Z0-9]|$)`).test(text)),
  )
}
