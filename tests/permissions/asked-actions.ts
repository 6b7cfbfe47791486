import { refusedAsUnknown, type World } from './asked.ts'
import { A } from './planted-people.ts'
import type { Matrix } from './promises.ts'
import { readFields } from './table-facts.ts'

/** Looks for every action as a role and calls those that are not theirs. One line for each surprise. */
export async function judgeActionsByAsking(
  { ask }: Pick<World, 'ask'>,
  { actions }: Matrix,
  role: string,
): Promise<string[]> {
  const fields = await readFields(ask, { role, userId: A }, 'mutation_root')
  const judged = Object.entries(actions).map(async ([name, theirs]) => {
    const isTheirs = theirs.includes(role)
    if (fields.includes(name) !== isTheirs) return [`${role}: ${name} is${isTheirs ? ' not' : ''} there`]
    if (isTheirs) return []
    const message = await refusedAsUnknown(ask, role, `mutation { ${name} { __typename } }`)
    return message === undefined ? [] : [message]
  })
  return (await Promise.all(judged)).flat()
}
