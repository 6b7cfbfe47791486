import type { z } from 'zod'
import { MetadataSchema } from './schema.ts'
import type { Metadata } from './types.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/**
 * Checks metadata that is one JSON value. Throws one Error that lists every key this engine does not implement, each
 * with the file that `fileOf` knows for its place: metadata that is half understood would differ from Hasura in silence.
 */
export function parseMetadata(value: unknown, fileOf: (path: Path) => string = () => 'metadata'): Metadata {
  const parsed = MetadataSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => describe(issue, fileOf))
  throw new Error(`Bad metadata:\n${problems.join('\n')}`)
}

function describe(outer: Issue, fileOf: (path: Path) => string): string {
  const issue = innermost(outer)
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => `"${key}"`).join(', ')
    const file = fileOf([...issue.path, ...issue.keys.slice(0, 1)])
    return `  ${file}: key ${keys} at ${spell(issue.path)} is not implemented`
  }
  return `  ${fileOf(issue.path)}: ${spell(issue.path)}: ${issue.message}`
}

/** A union fails with one list per alternative; the last alternative is the object form, which says most. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.at(-1)?.[0]
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] })
}

function spell(path: Path): string {
  return path.length === 0 ? 'the top' : path.map(String).join('.')
}
