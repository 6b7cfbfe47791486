import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'

/**
 * Compares two metadata directories by what their files say, not by how they are laid out. Answers a line for each file that differs.
 * A file that says nothing (`[]`, `{}`) may be absent: the CLI writes it, depending on its version.
 */
export function compareMetadata(ours: string, exported: string): string[] {
  const files = new Set([ours, exported].flatMap((directory) => globSync('**/*.{yaml,graphql}', { cwd: directory })))
  return [...files]
    .toSorted()
    .filter((file) => !isDeepStrictEqual(contentOf(join(ours, file)), contentOf(join(exported, file))))
    .map((file) => `${file} differs`)
}

function contentOf(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  if (path.endsWith('.graphql')) return text.replaceAll(/\s+/g, ' ').trim()
  const content: unknown = parse(text)
  return isEmpty(content) ? undefined : content
}

function isEmpty(content: unknown): boolean {
  return content === null || (typeof content === 'object' && Object.keys(content).length === 0)
}

if (import.meta.main) {
  const [ours = '', exported = ''] = process.argv.slice(2)
  const differences = compareMetadata(ours, exported)
  process.stdout.write(differences.length === 0 ? 'the same\n' : `${differences.join('\n')}\n`)
  process.exitCode = differences.length === 0 ? 0 : 1
}
