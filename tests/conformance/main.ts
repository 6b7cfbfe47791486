import { resolve } from 'node:path'
import { openTemporaryServer } from '../../database/temporary.ts'
import { findFolders } from './case-files.ts'
import { type FolderReport, runFolder } from './run-folder.ts'
import { TRANSPORTS } from './send.ts'

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
      const ofFolder = await runFolder(folder, server.adminUrl, TRANSPORTS)
      for (const report of ofFolder) process.stdout.write(describe(report))
      reports.push(...ofFolder)
    }
  } finally {
    await server.close()
  }
  for (const transport of TRANSPORTS)
    process.stdout.write(
      `all over ${transport}: ${count(reports.filter((report) => report.transport === transport))}\n`,
    )
  return reports.some(({ verdicts }) => verdicts.some(({ outcome }) => outcome === 'failed')) ? 1 : 0
}

function count(reports: readonly FolderReport[]): string {
  const verdicts = reports.flatMap((report) => report.verdicts)
  const outcomes = ['passed', 'failed', 'not applicable'] as const
  return outcomes
    .map((outcome) => `${verdicts.filter((verdict) => verdict.outcome === outcome).length} ${outcome}`)
    .join(', ')
}

function describe(report: FolderReport): string {
  const { name, transport, verdicts, missing, setupFailures } = report
  const of = (outcome: string) => verdicts.filter((verdict) => verdict.outcome === outcome)
  const notApplicable = of('not applicable')
  const told = of('passed').filter(({ reason }) => reason !== undefined)
  const lines = [
    `${name} over ${transport}: ${count([report])}`,
    ...of('failed').map((verdict) => `  failed ${verdict.name}\n      ${verdict.reason ?? ''}`),
    ...notApplicable.map((verdict) => `  not applicable ${verdict.name}: ${verdict.reason ?? ''}`),
    ...told.map((verdict) => `  warning ${verdict.name}: ${verdict.reason ?? ''}`),
    ...missing.map((feature) => `  not implemented in the set-up: ${feature}`),
    ...setupFailures.map((failure) => `  set-up failed: ${failure}`),
  ]
  return `${lines.join('\n')}\n`
}

process.exitCode = await main(process.argv.slice(2))
