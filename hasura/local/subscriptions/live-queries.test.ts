import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createLiveQueries, type LiveQueryListener } from './live-queries.ts'

function listen(): LiveQueryListener & { readonly heard: string[] } {
  const heard: string[] = []
  return {
    heard,
    onData: (data) => heard.push(data),
    onError: (error) => heard.push(`error: ${(error as Error).message}`),
  }
}

/** A query whose answer the test changes. */
function changingQuery(cohort = 'c') {
  const state = { answer: '1', fails: false, polls: 0, running: 0, mostRunning: 0, durationMs: 0 }
  const poll = async () => {
    state.polls += 1
    state.running += 1
    state.mostRunning = Math.max(state.mostRunning, state.running)
    const { answer, fails } = state
    await sleep(state.durationMs)
    state.running -= 1
    if (fails) throw new Error('database is away')
    return answer
  }
  return { state, query: { cohort, poll } }
}

describe('live query', () => {
  test('tells the answer once, and again only when it changes', async () => {
    const { state, query } = changingQuery()
    const queries = createLiveQueries({ intervalMs: 5 })
    const listener = listen()
    queries.subscribe(query, listener)
    await expect.poll(() => state.polls).toBeGreaterThan(3)
    state.answer = '2'
    await expect.poll(() => listener.heard).toEqual(['1', '2'])
    queries.close()
  })

  test('stops polling when nobody listens', async () => {
    const { state, query } = changingQuery()
    const queries = createLiveQueries({ intervalMs: 60 })
    const listener = listen()
    const unsubscribe = queries.subscribe(query, listener)
    await expect.poll(() => listener.heard, { interval: 1 }).toEqual(['1'])
    unsubscribe()
    await sleep(120)
    expect(state.polls).toBe(1)
    expect(queries.size).toBe(0)
  })

  test('one poll serves the whole cohort, and other cohorts have their own', async () => {
    const { state, query } = changingQuery()
    const other = changingQuery('other')
    const queries = createLiveQueries({ intervalMs: 10_000 })
    const listeners = [listen(), listen(), listen()]
    for (const listener of listeners) queries.subscribe(query, listener)
    queries.subscribe(other.query, listen())
    await expect.poll(() => listeners.map(({ heard }) => heard)).toEqual([['1'], ['1'], ['1']])
    expect(state.polls).toBe(1)
    expect(queries.size).toBe(2)
    queries.close()
  })

  test('who joins during a poll gets an answer read after joining', async () => {
    const { state, query } = changingQuery()
    state.durationMs = 200
    const queries = createLiveQueries({ intervalMs: 10_000 })
    queries.subscribe(query, listen())
    await expect.poll(() => state.running).toBe(1)
    state.answer = '2'
    const late = listen()
    queries.subscribe(query, late)
    await expect.poll(() => late.heard).toEqual(['2'])
    queries.close()
  })

  test('never polls twice at once, however slow the database', async () => {
    const { state, query } = changingQuery()
    state.durationMs = 20
    const queries = createLiveQueries({ intervalMs: 1 })
    queries.subscribe(query, listen())
    await sleep(10)
    queries.subscribe(query, listen())
    await expect.poll(() => state.polls).toBeGreaterThan(2)
    expect(state.mostRunning).toBe(1)
    queries.close()
  })

  test('tells a failure once and recovers', async () => {
    const { state, query } = changingQuery()
    const queries = createLiveQueries({ intervalMs: 5 })
    const listener = listen()
    queries.subscribe(query, listener)
    await expect.poll(() => listener.heard).toEqual(['1'])
    state.fails = true
    await expect.poll(() => listener.heard).toEqual(['1', 'error: database is away'])
    await sleep(30)
    state.fails = false
    await expect.poll(() => listener.heard).toEqual(['1', 'error: database is away', '1'])
    queries.close()
  })
})
