import { type Person, until } from './graphql-client.ts'
import { field } from './own-product.ts'

export const DELETE = 'mutation ($confirm: String!) { deleteMyData(confirm: $confirm) { requestId } }'
export const CANCEL = 'mutation ($id: uuid!) { cancelDeletion(requestId: $id) { status } }'
export const REPORT = 'mutation ($id: uuid!) { deletionReport(requestId: $id) { status report } }'
const HELD = '{ erasures(where: { status: { _eq: "requested" } }) { held } }'

/** Asks in the words that it takes, and answers the request's id. */
export async function askForDeletion(person: Person): Promise<string> {
  const { requestId } = await field<{ requestId: string }>(person, DELETE, { confirm: 'DELETE MY DATA' })
  return requestId
}

/** Asked for by a person whose data a legal hold keeps: with no grace the worker sees it at once. */
export async function untilHeld(person: Person): Promise<string> {
  const requestId = await askForDeletion(person)
  await until('the hold', () => field<{ held: boolean }[]>(person, HELD), {
    good: ([erasure]) => erasure?.held === true,
  })
  return requestId
}

export const untilErased = (person: Person, id: string): Promise<{ status: string; report: string }> =>
  until('the report', () => field<{ status: string; report: string }>(person, REPORT, { id }), {
    good: ({ status }) => status === 'complete',
  })
