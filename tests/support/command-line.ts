import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

export interface Printed {
  readonly code: number
  /** What went to the terminal, complaints included. */
  readonly text: string
}

/** The operator's command line in a process of its own, with these settings and no others. */
export async function runTributary(
  { env, cwd = ROOT }: { env: NodeJS.ProcessEnv; cwd?: string },
  ...args: string[]
): Promise<Printed> {
  return run(process.execPath, [join(ROOT, 'service/cli/main.ts'), ...args], { cwd, env }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, text: stdout + stderr }),
  )
}

/** The commands that a page of the documentation prints, as words. */
export function commandsOf(page: string): string[][] {
  const lines = readFileSync(join(ROOT, page), 'utf8').matchAll(/^npm run tributary -- (.*)$/gm)
  return [...lines].map(([, line = '']) => wordsOf(line))
}

/** Of a command line; quotes hold together. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([word, quoted]) => quoted ?? word)
}
