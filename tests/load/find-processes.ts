import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPostmaster } from '../../database/postmaster.ts'

const SCRIPTS: Readonly<Record<string, string>> = {
  service: 'service/main.ts',
  worker: 'service/worker.ts',
  'stand-in for Hasura': 'hasura/local/main.ts',
}

/** The processes of the product that runs in this data directory, by name. */
export function findProcesses(dataDirectory: string): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const ours = read(pid, 'environ').split('\0').includes(`TRIBUTARY_DATA_DIR=${dataDirectory}`)
    if (!ours) continue
    const command = read(pid, 'cmdline')
    for (const [name, script] of Object.entries(SCRIPTS)) if (command.includes(script)) found[name] = pid
  }
  const postmaster = findPostmaster(join(dataDirectory, 'postgres'))
  return postmaster === undefined ? found : { ...found, postgres: postmaster }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it has ended meanwhile
  }
}
