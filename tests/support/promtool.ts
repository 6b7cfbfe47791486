import { spawnSync } from 'node:child_process'

/** Prometheus' own checker; Debian has it in its package `prometheus`. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0
if (!hasPromtool) process.stderr.write('skipped: promtool is not installed (apt-get install prometheus)\n')

export interface Verdict {
  readonly ok: boolean
  readonly said: string
}

export function promtool(args: readonly string[], input?: string): Verdict {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { ok: status === 0, said: `${stdout}${stderr}`.trim() }
}
