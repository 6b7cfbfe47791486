import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { endWithParent } from '../database/end-with-parent.ts'

export interface Program {
  /** What it is called in messages; its log is named after it. */
  readonly name: string
  readonly script: string
  /** Of Node itself, before the script: those that NODE_OPTIONS may not hold. */
  readonly flags?: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Answers, with a status below 500, when the program is ready. */
  readonly readyUrl?: string
}

/** A program that was started. */
export interface Child {
  readonly program: Program
  readonly process: ChildProcess
  /** Resolves with a line for the user when it ends. */
  readonly ended: Promise<string>
}

export function startChild(program: Program, logDirectory: string): Child {
  mkdirSync(logDirectory, { recursive: true })
  const logPath = join(logDirectory, `${program.name}.log`)
  const log = openSync(logPath, 'a', 0o600)
  const { command, args } = endWithParent(
    { command: process.execPath, args: [...(program.flags ?? []), program.script] },
    'TERM',
  )
  // A process group of its own: Ctrl-C would otherwise reach it too, and a second signal means "at once" to the service.
  const child = spawn(command, args, { env: program.env, stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const ended = new Promise<string>((done) => {
    child.once('error', (error) => done(`${program.name} could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`
      done(`${program.name} ${how}; its log is ${logPath}`)
    })
  })
  return { program, process: child, ended }
}

/** Asks all of them to stop, and ends those that have not after `withinMs`. */
export async function stopChildren(children: readonly Child[], withinMs: number): Promise<void> {
  for (const { process: child } of children) child.kill('SIGTERM')
  const late = setTimeout(() => {
    for (const { process: child } of children) child.kill('SIGKILL')
  }, withinMs)
  await Promise.all(children.map(({ ended }) => ended))
  clearTimeout(late)
}
