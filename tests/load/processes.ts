import { readdirSync, readFileSync } from 'node:fs'

/** Of Linux' /proc/<pid>/stat: clock ticks are hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const KIB = 1024

export interface Use {
  readonly cpuSeconds: number
  /** Of all its processes together, now. */
  readonly residentBytes: number
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
}

/** What each named process and everything it started has used since its start. */
export function measureProcesses(roots: Readonly<Record<string, number>>): Readonly<Record<string, Use>> {
  const all = readProcesses()
  return Object.fromEntries(Object.entries(roots).map(([name, pid]) => [name, addUp(familyOf(pid, all))]))
}

function addUp(family: readonly Process[]): Use {
  return {
    cpuSeconds: family.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    residentBytes: family.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
  }
}

function familyOf(pid: number, all: readonly Process[]): readonly Process[] {
  const self = all.filter((one) => one.pid === pid)
  const children = all.filter(({ parent }) => parent === pid)
  return [...self, ...children.flatMap((child) => familyOf(child.pid, all))]
}

function readProcesses(): readonly Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    try {
      const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
      const fields = rest.split(' ')
      // Fields 14 to 17 of proc(5): own user and system time, and that of children that have ended and were waited for.
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
      return [{ pid: Number(pid), parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND }]
    } catch {
      return [] // it has ended meanwhile
    }
  })
}

/** Proportional set size: pages that several processes share are divided among them. */
function residentBytes(pid: number): number {
  try {
    const [, kib = '0'] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
    return Number(kib) * KIB
  } catch {
    return 0
  }
}
