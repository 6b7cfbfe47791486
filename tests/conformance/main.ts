import { resolve } from 'node:path'
import { openTemporaryServer } from '../../database/temporary.ts'
import { findFolders } from './case-files.ts'
import { type FolderReport, runFolder } from './run-folder.ts'

const USAGE = 'usage: npm run conformance -- <folder of cases> …\n'

/** Runs Hasura's own cases against the stand-in, a fresh database for each folder; 1 when any fails. */
async function main(paths: readonly string[]): Promise<number> {
  const folders = paths.flatMap((path) => findFolders(resolve(path)))
  if (folders.length === 0) {
    process.stderr.write(paths.length === 0 ? USAGE : 'no cases there\n')
    return 2
  }
  const server = await openTemporaryServer(undefined)
  const reports: FolderReport[] = []
  try {
    for (const folder of folders) {
      const report = await runFolder(folder, server.adminUrl)
      process.stdout.write(describe(report))
      reports.push(report)
    }
  } finally {
    await server.close()
  }
  const all = reports.flatMap(({ verdicts }) => verdicts)
  const count = (outcome: string) => all.filter((verdict) => verdict.outcome === outcome).length
  process.stdout.write(
    `${count('passed')} passed, ${count('failed')} failed, ${count('not applicable')} not applicable\n`,
  )
  return count('failed') === 0 ? 0 : 1
}

function describe({ name, verdicts, missing, setupFailures }: FolderReport): string {
  const of = (outcome: string) => verdicts.filter((verdict) => verdict.outcome === outcome)
  const notApplicable = of('not applicable')
  const told = of('passed').filter(({ reason }) => reason !== undefined)
  const lines = [
    `${name}: ${of('passed').length} passed, ${of('failed').length} failed, ${notApplicable.length} not applicable`,
    ...of('failed').map((verdict) => `  failed ${verdict.name}\n      ${verdict.reason ?? ''}`),
    ...notApplicable.map((verdict) => `  not applicable ${verdict.name}: ${verdict.reason ?? ''}`),
    ...told.map((verdict) => `  warning ${verdict.name}: ${verdict.reason ?? ''}`),
    ...missing.map((feature) => `  not implemented in the set-up: ${feature}`),
    ...setupFailures.map((failure) => `  set-up failed: ${failure}`),
  ]
  return `${lines.join('\n')}\n`
}

process.exitCode = await main(process.argv.slice(2))
