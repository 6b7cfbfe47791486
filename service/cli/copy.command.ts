import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { z } from 'zod'
import { importCopy } from '../compliance/export/import-copy.ts'
import { writeCopy } from '../compliance/export/write-copy.ts'
import { registerPlatforms } from '../ingestion/register-platforms.ts'
import { keepMemoryFlat } from '../runtime/flat-memory.ts'
import { sql } from '../runtime/sql.ts'
import { wireArchives } from '../wire-privacy.ts'
import { type Command, type Input, required } from './command.ts'
import { OPERATOR, parseOr, withWiring } from './operator.ts'

export const copyCommand: Command = {
  name: 'copy',
  usage: [
    ['copy write --user <uuid> --file <zip>', "write a person's copy to a file, as exportMyData makes it"],
    ['copy import <zip>', 'write a copy into an installation that does not know the person'],
  ],
  options: { user: { type: 'string' }, file: { type: 'string' } },
  async run(input) {
    const [what, path] = input.positionals
    if (what === 'write') return write(input)
    if (what !== 'import' || path === undefined)
      throw new Error('give write or import <zip>; see npm run tributary -- help')
    await access(path).catch(() => {
      throw new Error(`cannot read "${path}"; give a zip that is there`)
    })
    return withWiring(async ({ db, config }) => {
      await registerPlatforms(db, config.platforms)
      const { person, rows } = await importCopy(db, path)
      const total = Object.values(rows).reduce((sum, count) => sum + count, 0)
      return `${total} rows of ${person} written into ${Object.keys(rows).length} tables\n`
    })
  },
}

async function write(input: Input): Promise<string> {
  const userId = parseOr(z.uuid(), required(input, 'user'), '--user must be a UUID')
  const path = required(input, 'file')
  keepMemoryFlat()
  return withWiring(async (wiring) => {
    const { db, config, audit } = wiring
    const { rowCount } = await db.query(sql`select from public.app_users where user_id = ${userId}::uuid`)
    if (rowCount === 0) throw new Error('--user is nobody who is known here')
    const started = performance.now()
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    await once(file, 'open').catch(() => {
      throw new Error('--file cannot be written, or is there already')
    })
    const { controller } = config.compliance
    const options = { userId, controller, archives: wireArchives(wiring), onProgress: () => undefined }
    const rows = await writeCopy(db, options, async (pieces) => {
      for await (const piece of pieces) if (!file.write(piece)) await once(file, 'drain')
    })
    file.end()
    await once(file, 'finish')
    const what = { action: 'export.written_by_operator', outcome: 'success', details: { rows } } as const
    await db.transaction((tx) => audit(tx, { ...what, actor: OPERATOR, subjectUserId: userId }))
    return `${rows} rows, ${file.bytesWritten} bytes in ${((performance.now() - started) / 1000).toFixed(1)} s\n`
  })
}
