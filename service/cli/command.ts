import type { ParseArgsConfig } from 'node:util'

export interface Input {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  /** What follows the command's name. */
  readonly positionals: readonly string[]
}

/** One command of the operator's CLI. It answers what is printed; an Error it throws is printed as one line, and the exit code is 1. */
export interface Command {
  readonly name: string
  /** How it is called and what it does, in one line each. */
  readonly usage: readonly (readonly [call: string, effect: string])[]
  readonly options: NonNullable<ParseArgsConfig['options']>
  run(input: Input): Promise<string>
}

/** Throws Error that names the next step when the option is missing. */
export function required({ values }: Input, name: string): string {
  const value = values[name]
  if (typeof value === 'string' && value !== '') return value
  throw new Error(`--${name} is missing; see npm run tributary -- help`)
}

export function optional({ values }: Input, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
