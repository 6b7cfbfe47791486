import { describe, expect, inject, test } from 'vitest'
import { findSharedFolders, unexpected } from './expectations.ts'
import { onlyReads, runFolder } from './run-folder.ts'
import { isGraphql, TRANSPORTS } from './send.ts'

const writing = findSharedFolders().filter(
  (folder) => !onlyReads(folder) && folder.files.some(({ cases }) => cases.some(isGraphql)),
)
const WEBSOCKETS = TRANSPORTS.filter((transport) => transport !== 'http')

describe.skipIf(writing.length === 0)("Hasura's own cases that write, over websockets", () => {
  test.for(writing.map((folder) => [folder.name, folder] as const))('in %s pass', async ([, folder]) => {
    for (const report of await runFolder(folder, inject('testServer').adminUrl, WEBSOCKETS))
      expect({ over: report.transport, unexpected: unexpected(report) }).toEqual({
        over: report.transport,
        unexpected: [],
      })
  })
})
