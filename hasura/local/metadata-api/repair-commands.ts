import type { Command, Commands } from './command.ts'
import { findProblems } from './find-problems.ts'
import { readDraft } from './read-draft.ts'
import { dropActions, dropDependents, untrackMissing } from './settle.ts'

export const REPAIR_COMMANDS: Commands = { drop_inconsistent_metadata: dropInconsistent }

/** Until nothing is left to drop: what depends on a thing that was dropped becomes inconsistent by that. */
async function dropInconsistent({ draft, client, env }: Parameters<Command>[0]): Promise<void> {
  for (;;) {
    const problems = await findProblems(readDraft(draft), { client, env })
    const dropped = [untrackMissing, dropDependents, dropActions].map((drop) => drop(draft, problems))
    if (!dropped.includes(true)) return
  }
}
