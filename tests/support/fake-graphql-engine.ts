import { HasuraError } from '../../hasura/local/errors.ts'
import type { GraphqlEngine } from '../../hasura/local/execute/engine-types.ts'

/** An engine for tests of transports: `query` says what happens, and data is where the caller can see it. */
export interface FakeEngine extends GraphqlEngine {
  /** What `subscription` answers from now on. */
  answer: string
  /** How often a live query was polled. */
  polls: number
}

export function createFakeEngine(): FakeEngine {
  const engine: FakeEngine = {
    answer: '{"n":1}',
    polls: 0,
    inconsistencies: [],
    prepare({ query }, session) {
      if (query === 'invalid')
        throw new HasuraError({ code: 'validation-failed', message: 'not a valid graphql query', path: '$.query' })
      if (query === 'crash') throw new TypeError('a fault of ours')
      if (query === 'subscription') {
        const poll = async () => {
          engine.polls += 1
          return engine.answer
        }
        return { kind: 'subscription', cohort: `${session.role}`, poll }
      }
      return {
        kind: 'query',
        async run(requestHeaders) {
          if (query === 'failing') {
            throw new HasuraError({
              code: 'data-exception',
              message: 'division by zero',
              internal: { statement: 'select 1/0' },
            })
          }
          const data = JSON.stringify({
            role: session.role,
            user: session.variables['x-hasura-user-id'],
            header: requestHeaders['x-mine'],
          })
          return { data, cookies: query === 'cookie' ? ['a=1', 'b=2'] : [] }
        },
      }
    },
  }
  return engine
}
