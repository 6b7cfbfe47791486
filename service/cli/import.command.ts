import { z } from 'zod'
import { type Command, required } from './command.ts'
import { importFileCommandRun } from './import-file-run.ts'

const UserId = z.uuid('--user must be a UUID')

export const importCommand: Command = {
  name: 'import',
  usage: [
    [
      'import apple-health <file> --user <uuid>',
      'import an export.zip or export.xml; again, it goes on where it stopped',
    ],
    ['  [--json]', 'progress and result as JSON lines'],
  ],
  options: { user: { type: 'string' }, json: { type: 'boolean' } },
  async run(input) {
    const [platform, file] = input.positionals
    if (platform === undefined || file === undefined)
      throw new Error('give <platform> <file> --user <uuid>; see npm run tributary -- help')
    const userId = UserId.safeParse(required(input, 'user'))
    if (!userId.success) throw new Error(userId.error.issues[0]?.message)
    return importFileCommandRun({ platform, path: file, userId: userId.data, asJson: input.values['json'] === true })
  },
}
