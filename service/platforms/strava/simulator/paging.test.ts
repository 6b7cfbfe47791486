import { describe, expect, test } from 'vitest'
import { openApplication } from './application-under-test.ts'
import { PageRequest, pageOf } from './paging.ts'

const items = [5, 4, 3, 2, 1].map((second) => ({ id: String(second), startsAtMs: second * 1000 }))
const ids = (query: Record<string, string>) => pageOf(items, PageRequest.parse(query), false).map(({ id }) => id)

describe('a page of activities', () => {
  test.for([{ per_page: '201' }, { per_page: '0' }, { page: '0' }, { page: 'two' }, { before: 'yesterday' }])(
    'is refused for %j',
    (query) => {
      expect(() => PageRequest.parse(query)).toThrow('refused with 400')
    },
  )

  test('is newest first, and oldest first as soon as `after` is given', () => {
    expect(ids({})).toEqual(['5', '4', '3', '2', '1'])
    expect(ids({ after: '2' })).toEqual(['3', '4', '5'])
  })

  test('leaves out both ends of the window', () => {
    expect(ids({ before: '4' })).toEqual(['3', '2', '1'])
    expect(ids({ before: '4', after: '1' })).toEqual(['2', '3'])
  })

  test('is counted from one; past the last one it is empty', () => {
    expect([ids({ per_page: '2' }), ids({ per_page: '2', page: '3' }), ids({ per_page: '2', page: '4' })]).toEqual([
      ['5', '4'],
      ['1'],
      [],
    ])
  })
})

describe('the whole list, page by page', () => {
  async function readAll(shortPages: boolean) {
    const { connect, get, control } = await openApplication({ shortPages })
    const { access_token } = await connect()
    const pages: { id: number }[][] = []
    do pages.push((await get(`/athlete/activities?per_page=200&page=${pages.length + 1}`, access_token)).json())
    while (pages.at(-1)?.length !== 0)
    const all = (await control('GET', '/athletes/1/activities')).json() as { id: number }[]
    return {
      sizes: pages.map((page) => page.length),
      ids: pages.flat().map(({ id }) => id),
      all: all.map(({ id }) => id),
    }
  }

  test('is everything, with full pages', async () => {
    const { sizes, ids: read, all } = await readAll(false)
    expect(read).toEqual(all)
    expect(sizes.slice(0, -2).every((size) => size === 200)).toBe(true)
  })

  test('is everything with short pages too, and only an empty page ends it', async () => {
    const { sizes, ids: read, all } = await readAll(true)
    expect(read).toEqual(all)
    expect(sizes.slice(0, -2).some((size) => size < 200)).toBe(true)
  })
})
