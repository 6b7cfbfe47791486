import { describe, expect, inject, test } from 'vitest'
import { findSharedFolders, unexpected } from './expectations.ts'
import { onlyReads, runFolder } from './run-folder.ts'
import { TRANSPORTS } from './send.ts'

const folders = findSharedFolders()

// Cases that write need a database for each transport; over websockets they are in conformance.long.test.ts.
describe.skipIf(folders.length === 0)("Hasura's own cases", () => {
  test.for(folders.map((folder) => [folder.name, folder] as const))('in %s pass', async ([, folder]) => {
    const transports = onlyReads(folder) ? TRANSPORTS : (['http'] as const)
    const reports = await runFolder(folder, inject('testServer').adminUrl, transports)
    for (const report of reports) {
      expect(report.verdicts.length).toBeGreaterThan(0)
      expect({ over: report.transport, unexpected: unexpected(report) }).toEqual({
        over: report.transport,
        unexpected: [],
      })
    }
  })
})
