import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Journal {
  /** What was there. A line that was cut short when its writer died was never acknowledged, and is left out. */
  readonly lines: readonly string[]
  /** Puts this line in the place of all that was there, or leaves it all. */
  startWith(line: string): void
  /** The operating system has it once this returns. */
  append(line: string): void
}

/** Changes as lines of a file, so that one of them costs the same however much there is. */
export function openJournal(file: string): Journal {
  return {
    lines: existsSync(file) ? readLines(file) : [],
    startWith(line) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(`${file}.new`, `${line}\n`, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
    append: (line) => appendFileSync(file, `${line}\n`),
  }
}

function readLines(file: string): readonly string[] {
  const [first = '', ...rest] = readFileSync(file, 'utf8').split('\n')
  // Simulators of an earlier release wrote one line without an end.
  return [first, ...rest.slice(0, -1)]
}
