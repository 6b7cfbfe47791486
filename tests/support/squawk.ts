import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../..')
const Findings = z.array(z.object({ file: z.string(), line: z.int(), rule_name: z.string() }))
export type Finding = z.infer<typeof Findings>[number]

/** What squawk finds in files, or in a text; `alone`: statements that are no transaction. Works only on what it is given: no network, no database. */
export function squawk(
  input: readonly string[] | { readonly sql: string },
  { alone = false } = {},
): readonly Finding[] {
  const rules = [
    '--config',
    join(ROOT, alone ? 'database/squawk-alone.toml' : 'database/squawk.toml'),
    '--reporter',
    'json',
  ]
  const [paths, stdin] = 'sql' in input ? [['--stdin-filepath', 'text.sql'], input.sql] : [input, '']
  return Findings.parse(JSON.parse(run([...rules, ...paths], stdin)))
}

/** It ends with 1 when it finds something. */
function run(options: readonly string[], input: string): string {
  try {
    return execFileSync(join(ROOT, 'node_modules/.bin/squawk'), options, { input, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout } = error as { stdout?: unknown }
    if (typeof stdout !== 'string' || !stdout.startsWith('[')) throw error
    return stdout
  }
}
