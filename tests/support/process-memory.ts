import { readFileSync } from 'node:fs'

export interface ProcessMemory {
  /** Resident now. */
  readonly nowBytes: number
  /** The most that it was ever resident. */
  readonly peakBytes: number
}

/** Undefined where the system has no /proc, or the process has ended. */
export function memoryOf(pid: number | undefined): ProcessMemory | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
    const memory = { nowBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') }
    // One that has ended and that nobody has asked for yet has a status, but no memory.
    return Number.isNaN(memory.peakBytes) ? undefined : memory
  } catch {
    return undefined
  }
}
