import { spawnSync } from 'node:child_process'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
}

/** Whether `setpriv` can ask the kernel to signal a child when its parent dies: Linux with util-linux 2.33 or later. */
export const canEndWithParent: boolean = /--pdeathsig/.test(
  spawnSync('setpriv', ['--help'], { encoding: 'utf8' }).stdout ?? '',
)

/**
 * The same command, which gets `signal` when this process dies without having stopped it (kill -9). Where the system
 * cannot do that the command is as it was. The user has to be changed in the same call: changing it later loses the signal.
 */
export function endWithParent({ command, args }: Command, signal: 'INT' | 'TERM', userId?: number): Command {
  if (!canEndWithParent) return { command, args }
  const user = userId === undefined ? [] : [`--reuid=${userId}`, `--regid=${userId}`, '--clear-groups']
  return { command: 'setpriv', args: [...user, `--pdeathsig=${signal}`, command, ...args] }
}
